import type { Id, Ms } from '../shared/types.ts'
import { operationsKeptMs } from './hold.ts'
import type { SeatCommand, SeatReply } from './seat-inventory.port.ts'

/** First answers by operationId, so that a repeat is not a second deed. */
export interface OperationLog {
  /** The first answer, `reused` for another fingerprint, null for an operation that changed nothing yet. */
  recall(command: SeatCommand): SeatReply | null
  record(command: SeatCommand, reply: SeatReply, now: Ms): void
}

export function createOperationLog(): OperationLog {
  const answers = new Map<Id, { reply: SeatReply; fingerprint: string | undefined; at: Ms }>()
  let keptMs = operationsKeptMs(0)

  /** Insertion is the order of time, so the oldest stand in front. */
  const forget = (now: Ms): void => {
    for (const [operationId, { at }] of answers) {
      if (at + keptMs > now) return
      answers.delete(operationId)
    }
  }

  return {
    recall: ({ operationId, fingerprint }) => {
      const known = answers.get(operationId)
      if (!known) return null
      const other = fingerprint !== undefined && known.fingerprint !== undefined && fingerprint !== known.fingerprint
      if (other) return { is: 'reused' }
      return known.reply.is === 'hold' ? { ...known.reply, repeated: true } : known.reply
    },
    record: (command, reply, now) => {
      const changed = reply.is === 'done' || (reply.is === 'hold' && !reply.repeated)
      if (!changed) return
      if (command.do === 'take') keptMs = Math.max(keptMs, operationsKeptMs(command.ttlMs))
      forget(now)
      answers.set(command.operationId, { reply, fingerprint: command.fingerprint, at: now })
    },
  }
}
