import { sandboxTokens } from '@b-ticketing/core/memory'
import type { EventBus, Notifier, Outbox } from '@b-ticketing/core/ports'
import type { Journal } from '../journal.ts'
import type { Ears } from '../tap.ts'
import type { Witness } from '../witness.ts'

export interface Mail {
  readonly messageId: string
  readonly reservationId: string
  readonly address: string
  readonly text: string
}

/** The broker's and the mailbox's own view: what was published in which order, and which mails arrived. */
export interface MessageCheck {
  readonly busEars: Ears<EventBus>
  readonly outboxEars: Ears<Outbox>
  readonly notifierEars: Ears<Notifier>
  readonly mails: readonly Mail[]
}

export function createMessageCheck(p: { readonly witness: Witness; readonly journal: Journal }): MessageCheck {
  const { witness, journal } = p
  const published = new Map<string, Set<string>>()
  const mails: Mail[] = []
  /** The order of topics in the life of one booking. */
  const rank: Readonly<Record<string, number>> = { 'payment-requested': 0, 'payment-completed': 1 }

  return {
    mails,
    busEars: {
      publish: ({ messages }, replies) => {
        for (const [i, message] of messages.entries()) {
          if (replies[i] !== 'acked') continue
          const seen = published.get(message.key) ?? new Set()
          published.set(message.key, seen)
          if (seen.has(message.eventId)) journal.met('published again')
          else {
            const first = rank[message.topic] === 0 || [...seen].some((id) => id.endsWith('payment-requested'))
            witness.check('I11', first, () => `${message.eventId} was published before what came before it`)
          }
          seen.add(message.eventId)
          const text = JSON.stringify(message)
          witness.check(
            'I11',
            // Ids are random letters: some have `tok_` in them.
            !text.includes('@') && !sandboxTokens.some((token) => text.includes(token)),
            () => `${message.eventId} carries more than ids`,
          )
        }
      },
    },
    outboxEars: {
      mark: ({ published: marked }) => {
        for (const { eventIds } of marked) {
          for (const eventId of eventIds) {
            const sent = [...published.values()].some((seen) => seen.has(eventId))
            witness.check('I11', sent, () => `${eventId} was marked published and never was`)
          }
        }
      },
    },
    notifierEars: {
      send: ({ notice, messageId, text }, reply) => {
        if (reply !== 'sent') return
        journal.met('mail')
        const again = mails.some((mail) => mail.messageId === messageId)
        if (again) journal.met('mail twice')
        mails.push({ messageId, reservationId: notice.reservationId, address: notice.to.address, text })
      },
    },
  }
}
