import assert from 'node:assert/strict'
import { bindCases, type ContractCase } from '../shared/contract.ts'
import { messageIdOf, type Notice, renderNotice } from './notice.ts'
import type { Notifier } from './notifier.port.ts'

/** A mail as it lies in the receiver's box. */
export interface ReceivedMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  /** Left part of the Message-ID. */
  readonly messageId: string
}

export interface NotifierSubject {
  readonly port: Notifier
  /** Reads the receiver, not the notifier. */
  received(): readonly ReceivedMail[] | Promise<readonly ReceivedMail[]>
  /** What the receiver does with mail from now on; at first it takes all. `hang`: it never answers. */
  receiver(does: 'take' | 'put off' | 'refuse' | 'hang'): void | Promise<void>
  close?(): void | Promise<void>
}

const noticeTo = (to: Notice['to'], copy = 0): Notice => ({
  id: `b1-${copy}`,
  reservationId: 'b1',
  requestId: 'r1',
  template: 'payment-completed',
  copy,
  to,
  locale: 'ko',
  amount: { value: 42_000, currency: 'KRW' },
  seats: ['219-4-34', '219-4-35'],
  scheduleName: '개막전 "한밭", 첫 경기',
})

const fan = { address: 'fan@example.com', name: '김, 팬 <boss@example.com>' }

const order = (notice: Notice, signal = new AbortController().signal) => ({
  notice,
  messageId: messageIdOf(notice),
  ...renderNotice(notice),
  signal,
})

/** A throw counts as an answer that may be tried again. */
const outcomeOf = (sending: ReturnType<Notifier['send']>) => sending.catch(() => 'try-later' as const)

const idsOf = (mails: readonly ReceivedMail[]): readonly string[] => mails.map(({ messageId }) => messageId).sort()

export const notifierContract = (factory: () => NotifierSubject | Promise<NotifierSubject>): readonly ContractCase[] =>
  bindCases('Notifier', factory, {
    'the factory gives an empty box': async ({ received }) => {
      assert.deepEqual(await received(), [])
    },

    'a mail arrives as it was given': async ({ port, received }) => {
      const given = order(noticeTo(fan))
      assert.equal(await port.send(given), 'sent')
      const [mail, ...rest] = await received()
      assert.deepEqual(
        { ...mail, text: mail?.text.trim() },
        { to: fan.address, subject: given.subject, text: given.text, messageId: 'b1.payment-completed' },
      )
      assert.deepEqual(rest, [])
    },

    'nothing in a name adds a recipient or a line to the head': async ({ port, received }) => {
      for (const name of [fan.name, '"quoted", <b@example.com>', 'x\r\nBcc: c@example.com', '']) {
        assert.equal(await port.send(order(noticeTo({ address: 'fan@example.com', name }))), 'sent')
      }
      assert.deepEqual(
        (await received()).map(({ to }) => to),
        Array(4).fill('fan@example.com'),
      )
    },

    'I12: a notice that is sent again is recognisable, an operator’s copy is another mail': async (subject) => {
      const { port, received } = subject
      for (const copy of [0, 0, 1]) assert.equal(await port.send(order(noticeTo(fan, copy))), 'sent')
      assert.deepEqual(idsOf(await received()), [
        'b1.payment-completed',
        'b1.payment-completed',
        'b1.payment-completed.r1',
      ])
    },

    'many at once arrive once each': async ({ port, received }) => {
      const copies = Array.from({ length: 30 }, (_, copy) => noticeTo(fan, copy))
      const outcomes = await Promise.all(copies.map((notice) => port.send(order(notice))))
      assert.deepEqual(new Set(outcomes), new Set(['sent']))
      assert.deepEqual(idsOf(await received()), copies.map(messageIdOf).sort())
    },

    'what may pass is tried later, and then arrives': async ({ port, received, receiver }) => {
      await receiver('put off')
      assert.equal(await outcomeOf(port.send(order(noticeTo(fan)))), 'try-later')
      assert.deepEqual(await received(), [])
      await receiver('take')
      assert.equal(await port.send(order(noticeTo(fan))), 'sent')
      assert.equal((await received()).length, 1)
    },

    'an address that is refused is refused for good': async ({ port, received, receiver }) => {
      await receiver('refuse')
      assert.equal(await port.send(order(noticeTo(fan))), 'refused')
      assert.deepEqual(await received(), [])
    },

    'a receiver that hangs holds nobody beyond the signal': async ({ port, received, receiver }) => {
      await receiver('hang')
      const time = new AbortController()
      const sending = outcomeOf(port.send(order(noticeTo(fan), time.signal)))
      time.abort()
      assert.equal(await sending, 'try-later')
      assert.deepEqual(await received(), [])
    },
  })
