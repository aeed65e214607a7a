import { expect, test } from 'vitest'
import { type BoxOffice, boxOffice } from '../booking/box-office.test-support.ts'
import { consumerGroups, type Message } from '../messaging/message.ts'
import { paymentMessage } from '../messaging/payment-message.ts'
import { auditRows } from '../shared/audit.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { silentObserver } from '../shared/observer.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { messageIdOf, type Notice, renderNotice } from './notice.ts'
import { createNoticeConsumer, createNoticeLoop } from './notice-loop.ts'
import { noticeStoreContract } from './notice-store.contract.ts'
import { createMemoryNoticeStore, noticeRows } from './notice-store.memory.ts'
import { createNotices } from './notices.ts'
import { createMemoryNotifier } from './notifier.memory.ts'
import type { Notifier } from './notifier.port.ts'

const kit = noticeStoreContract(() => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const port = createMemoryNoticeStore({ record, runtime })
  const audit = async () => [...record.table(auditRows).values()]
  return { port, now: runtime.now, advance: runtime.advance, audit }
})
for (const { name, run } of kit) test(name, run)

const notice: Notice = {
  id: 'R1-0',
  reservationId: 'R1',
  requestId: 'r1',
  template: 'payment-completed',
  copy: 0,
  to: { address: 'kim@example.com', name: '김철수' },
  locale: 'ko',
  amount: { value: 42_000, currency: 'KRW' },
  seats: ['219-4-34', '219-4-35'],
  scheduleName: '개막전',
}

test('P5: the mail carries amount and reservation number, in the language of the buyer', () => {
  const { subject, text } = renderNotice(notice)
  expect(subject).toContain('R1')
  expect(text).toContain('결제 완료: ReservationId=R1, 금액=42000')
  for (const word of ['김철수님', '219-4-34, 219-4-35', '개막전']) expect(text).toContain(word)
  const english = renderNotice({ ...notice, locale: 'en', to: { address: 'kim@example.com' } })
  expect(english.text).toContain('ReservationId=R1, amount=42000')
  expect(english.text).toMatch(/^Hello,/)
})

test('rule 6: the Message-ID is stable, an operator’s copy adds .r<k>', () => {
  expect(messageIdOf(notice)).toBe('R1.payment-completed')
  expect(messageIdOf({ ...notice, copy: 2 })).toBe('R1.payment-completed.r2')
})

async function mailRoom(house: BoxOffice, notifier?: Notifier) {
  const { runtime, record, catalogue, eventBus, store: bookingStore } = house
  const noticeStore = createMemoryNoticeStore({ record, runtime })
  const mailbox = createMemoryNotifier({ runtime })
  const listener = createNoticeConsumer({ bookingStore, noticeStore, catalogue, eventBus })
  const loop = createNoticeLoop({
    ...{ noticeStore, notifier: notifier ?? mailbox, runtime, observer: silentObserver, worker: 'w1' },
  })
  await listener.subscribe()
  return { noticeStore, mailbox, listener, loop, notices: createNotices({ bookingStore, noticeStore, catalogue }) }
}

test('P5 I12: one mail per COMPLETED booking, none for others', async () => {
  const house = await boxOffice()
  const { mailbox, loop } = await mailRoom(house)
  const paid = await house.pay('v1', [1, 2])
  await house.pay('v2', [3], 'tok_decline')
  await house.pay('v3', [4], 'tok_duplicate')
  await house.run(2_000)
  await loop.tick()
  await loop.tick()
  const record = await house.recordOf(paid.requestId)
  const mails = mailbox.messages()
  expect(mails.map(({ to }) => to).sort()).toEqual(['v1@example.com', 'v3@example.com'])
  const mail = mails.find(({ to }) => to === 'v1@example.com')!
  expect(mail.messageId).toBe(`${record.reservationId}.payment-completed`)
  expect(mail.text).toContain(`ReservationId=${record.reservationId}, 금액=42000`)
  expect(mail.text).toContain('A-1-1, A-1-2')
})

test('PAY13 I11: the completed message again, in any number: no second mail', async () => {
  const house = await boxOffice()
  const { mailbox, loop, listener } = await mailRoom(house)
  const { requestId } = await house.pay('v1', [1])
  await house.run(1_000)
  const { reservationId, scheduleId } = await house.recordOf(requestId)
  const message = paymentMessage({ topic: 'payment-completed', at: 1, requestId, reservationId, scheduleId })
  expect(await listener.handle([message, message])).toEqual(['done', 'done'])
  await loop.tick()
  expect(await listener.handle([message])).toEqual(['done'])
  await loop.tick()
  expect(mailbox.messages()).toHaveLength(1)
})

test('poison: a malformed message, one of an unknown payment, one of a payment that is not completed', async () => {
  const house = await boxOffice({ consumer: false })
  const { listener, loop, mailbox } = await mailRoom(house)
  const { requestId } = await house.pay('v1', [1])
  const { reservationId, scheduleId } = await house.recordOf(requestId)
  const sound = { topic: 'payment-completed', at: 1, requestId, reservationId, scheduleId } as const
  const malformed: Message = { ...paymentMessage(sound), data: { requestId: 7 } }
  const verdicts = await listener.handle([
    malformed,
    paymentMessage({ ...sound, requestId: 'nobody' }),
    paymentMessage(sound),
  ])
  expect(verdicts.map((verdict) => verdict === 'done')).toEqual([false, false, false])
  await loop.tick()
  expect(mailbox.messages()).toEqual([])
})

test('the consumer of requests: poison for what the record does not know, the rest of the batch is done', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1])
  const { reservationId, scheduleId } = await house.recordOf(requestId)
  const sound = { topic: 'payment-requested', at: 1, requestId, reservationId, scheduleId } as const
  const batch = [paymentMessage({ ...sound, requestId: 'nobody' }), paymentMessage(sound), paymentMessage(sound)]
  const verdicts = await house.charge.handle(batch)
  expect(verdicts[0]).toHaveProperty('poison')
  expect(verdicts.slice(1)).toEqual(['done', 'done'])
  await house.workers.idle()
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'COMPLETED' })
  expect(consumerGroups.payment).toBe('payment-service-group')
})

test('rule 6: SMTP down, hanging or refusing never touches a booking; it is sent later with the same Message-ID', async () => {
  const house = await boxOffice()
  let mode: 'throw' | 'later' | 'hang' | 'ok' = 'throw'
  const ids: string[] = []
  const notifier: Notifier = {
    async send({ messageId }) {
      ids.push(messageId)
      if (mode === 'throw') throw new Error('ECONNREFUSED')
      if (mode === 'hang') return new Promise(() => {})
      return mode === 'later' ? 'try-later' : 'sent'
    },
  }
  const { loop } = await mailRoom(house, notifier)
  const { requestId } = await house.pay('v1', [1])
  await house.run(1_000)
  const before = await house.recordOf(requestId)
  await loop.tick()
  await loop.tick()
  expect(ids).toHaveLength(1)
  mode = 'later'
  house.runtime.advance(1_000)
  await loop.tick()
  mode = 'hang'
  house.runtime.advance(2_000)
  const hanging = loop.tick()
  await house.runtime.elapse(20_000)
  await hanging
  mode = 'ok'
  house.runtime.advance(4_000)
  await loop.tick()
  house.runtime.advance(3_600_000)
  await loop.tick()
  expect(ids).toHaveLength(4)
  expect(new Set(ids).size).toBe(1)
  expect({ ...(await house.recordOf(requestId)), storeTime: 0 }).toEqual({ ...before, storeTime: 0 })
})

test('a mail refused for good is not tried again', async () => {
  const house = await boxOffice()
  let sends = 0
  const { loop } = await mailRoom(house, {
    send: async () => {
      sends++
      return 'refused'
    },
  })
  await house.pay('v1', [1])
  await house.run(1_000)
  await loop.tick()
  house.runtime.advance(24 * 3_600_000)
  await loop.tick()
  expect(sends).toBe(1)
  expect([...house.record.table(noticeRows).values()][0]).toMatchObject({ state: 'refused', attempts: 1 })
})

test('I12: a sender that dies after the send: again with the same Message-ID', async () => {
  const house = await boxOffice()
  const { noticeStore, mailbox, loop } = await mailRoom(house)
  await house.pay('v1', [1])
  await house.run(1_000)
  const [leased] = await noticeStore.lease({ worker: 'dying', limit: 1, leaseMs: 60_000 })
  const signal = new AbortController().signal
  await mailbox.send({ notice: leased!, messageId: messageIdOf(leased!), ...renderNotice(leased!), signal })
  await loop.tick()
  expect(mailbox.messages()).toHaveLength(1)
  house.runtime.advance(60_000)
  await loop.tick()
  expect(mailbox.messages()).toHaveLength(2)
  expect(new Set(mailbox.messages().map(({ messageId }) => messageId)).size).toBe(1)
})

test('I16: many senders at once send each mail once', async () => {
  const house = await boxOffice()
  const { mailbox, loop } = await mailRoom(house)
  for (let i = 1; i <= 9; i++) await house.pay(`v${i}`, [i])
  await house.run(1_000)
  await Promise.all([loop.tick(), loop.tick(), loop.tick(), loop.tick()])
  expect(mailbox.messages()).toHaveLength(9)
})

test('rule 6: resends at once get a copy each, every one audited', async () => {
  const house = await boxOffice()
  const { mailbox, loop, notices } = await mailRoom(house)
  const { requestId } = await house.pay('v1', [1])
  await house.run(1_000)
  const { reservationId } = await house.recordOf(requestId)
  await Promise.all(Array.from({ length: 10 }, () => notices.resend({ reservationId })))
  await loop.tick()
  const copies = Array.from({ length: 10 }, (_, i) => i + 1)
  expect(mailbox.messages().map(({ messageId }) => messageId)).toEqual(
    ['', ...copies.map((copy) => `.r${copy}`)].map((copy) => `${reservationId}.payment-completed${copy}`),
  )
  const audit = (await house.catalogue.audit({})).items.filter(({ action }) => action === 'resend')
  expect(audit.map(({ detail }) => detail.copy)).toEqual(copies)
})

test('I15: a resend is done once per operation id, also by many at once', async () => {
  const house = await boxOffice()
  const { mailbox, loop, notices } = await mailRoom(house)
  const { requestId } = await house.pay('v1', [1])
  await house.run(1_000)
  const { reservationId } = await house.recordOf(requestId)
  const resend = (operationId: string) => notices.resend({ reservationId, operationId })
  await Promise.all(['op-1', 'op-1', 'op-2', 'op-1'].map(resend))
  await resend('op-1')
  await loop.tick()
  expect(mailbox.messages()).toHaveLength(3)
  await expect(resend('no id')).rejects.toMatchObject({ code: 'INVALID' })
})

test('resend: one more copy, .r<k>, audited; NOT_FOUND without a booking', async () => {
  const house = await boxOffice()
  const { mailbox, loop, notices } = await mailRoom(house)
  const { requestId } = await house.pay('v1', [1])
  const { reservationId } = await house.recordOf(requestId)
  await expect(notices.resend({ reservationId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await house.run(1_000)
  await loop.tick()
  await notices.resend({ reservationId, by: 'kim' })
  await notices.resend({ reservationId })
  await loop.tick()
  const root = `${reservationId}.payment-completed`
  expect(mailbox.messages().map(({ messageId }) => messageId)).toEqual([root, `${root}.r1`, `${root}.r2`])
  const audit = (await house.catalogue.audit({})).items.filter(({ action }) => action === 'resend')
  expect(audit).toMatchObject([
    { by: 'kim', subject: reservationId, detail: { copy: 1 } },
    { by: 'operator', subject: reservationId, detail: { copy: 2 } },
  ])
  for (const bad of [undefined, '', 'a b', 7, null]) {
    await expect(notices.resend({ reservationId: bad as never })).rejects.toMatchObject({ code: 'INVALID' })
  }
  await expect(notices.resend({ reservationId: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
