import type { PaymentRecord } from '../booking/booking.ts'
import type { BookingStore } from '../booking/booking-store.port.ts'
import type { Catalogue } from '../catalogue/catalogue.port.ts'
import type { EventBus, Subscription } from '../messaging/event-bus.port.ts'
import { consumerGroups, type Message } from '../messaging/message.ts'
import { parsePaymentMessage } from '../messaging/payment-message.ts'
import { overdue, withDeadline } from '../shared/deadline.ts'
import type { Loop } from '../shared/loop.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { messageIdOf, type Notice, noticeIdOf, renderNotice } from './notice.ts'
import type { LeasedNotice, NoticeResult, NoticeStore } from './notice-store.port.ts'
import type { Notifier } from './notifier.port.ts'

type Verdict = 'done' | { readonly poison: string }

const leaseMs: Ms = 60_000
/** Shorter than the lease: a mail server that hangs does not make a second sender. */
const sendDeadlineMs: Ms = 20_000
const backOffCapMs: Ms = 5 * 60_000
const batchSize = 50

/** A booking as its mail tells it. */
export function noticeOf(record: PaymentRecord, scheduleName: string, copy: number): Notice {
  const { reservationId, requestId, buyer, amount, hold } = record
  return {
    id: noticeIdOf({ reservationId, copy }),
    reservationId,
    requestId,
    template: 'payment-completed',
    copy,
    to: { address: buyer.email, ...(buyer.name !== undefined && { name: buyer.name }) },
    locale: buyer.locale ?? 'ko',
    amount,
    seats: hold.seats.map(({ section, row, label }) => `${section}-${row}-${label}`),
    scheduleName,
  }
}

/** The schedule's name, or its id where the catalogue has none. */
export async function scheduleNames(
  catalogue: Pick<Catalogue, 'schedules'>,
  ids: readonly Id[],
): Promise<(scheduleId: Id) => string> {
  const { items } = await catalogue.schedules({ ids: [...new Set(ids)] })
  const names = new Map(items.map(({ scheduleId, name }) => [scheduleId, name]))
  return (scheduleId) => names.get(scheduleId) ?? scheduleId
}

/**
 * EmailNotificationEventListener: consumer of `payment-completed`. The notices of a batch and its inbox rows are one step; a
 * mail is sent later, by the notice loop, and whatever becomes of it no booking is touched.
 */
export function createNoticeConsumer(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly noticeStore: Pick<NoticeStore, 'add'>
  readonly catalogue: Pick<Catalogue, 'schedules'>
  readonly eventBus: EventBus
}): { subscribe(): Promise<Subscription>; handle(batch: readonly Message[]): Promise<readonly Verdict[]> } {
  const judge = (message: Message, record: PaymentRecord | null | undefined): Verdict => {
    const read = parsePaymentMessage(message)
    if (!read.ok) return { poison: read.problems.join('; ') }
    return record?.state === 'COMPLETED' ? 'done' : { poison: 'the record has no such completed payment' }
  }

  const handle = async (batch: readonly Message[]): Promise<readonly Verdict[]> => {
    const records = await p.bookingStore.find({ keys: batch.map(({ key }) => ({ requestId: key })) })
    const verdicts = batch.map((message, i) => judge(message, records[i]))
    const sound = batch.flatMap((message, i) => (verdicts[i] === 'done' ? [{ message, record: records[i]! }] : []))
    if (sound.length === 0) return verdicts
    const name = await scheduleNames(
      p.catalogue,
      sound.map(({ record }) => record.scheduleId),
    )
    await p.noticeStore.add({
      notices: sound.map(({ record }) => noticeOf(record, name(record.scheduleId), 0)),
      consumed: sound.map(({ message }) => ({ consumer: consumerGroups.notification, eventId: message.eventId })),
    })
    return verdicts
  }

  return {
    handle,
    subscribe: () => p.eventBus.subscribe({ topic: 'payment-completed', group: consumerGroups.notification, handle }),
  }
}

/** Sends what is due: at least once, with a stable Message-ID; a failure waits longer each time, to 5 minutes. */
export function createNoticeLoop(p: {
  readonly noticeStore: Pick<NoticeStore, 'lease' | 'mark'>
  readonly notifier: Notifier
  readonly runtime: Runtime
  readonly observer: Observer
  /** Of this process. */
  readonly worker: Id
}): Loop {
  const send = async ({ token, attempts, ...notice }: LeasedNotice): Promise<NoticeResult> => {
    const { id } = notice
    const mail = { notice, messageId: messageIdOf(notice), ...renderNotice(notice) }
    const work = (signal: AbortSignal) => p.notifier.send({ ...mail, signal })
    const outcome = await withDeadline({ runtime: p.runtime, ms: sendDeadlineMs, work }).catch(() => overdue)
    if (outcome === 'sent') return { id, token, sent: true }
    p.observer.count('notice_failures', { outcome: outcome === 'refused' ? 'refused' : 'later' })
    if (outcome === 'refused') {
      p.observer.log('error', 'a mail was refused for good', { reservationId: notice.reservationId })
      return { id, token, sent: false, error: 'refused' }
    }
    return {
      id,
      token,
      sent: false,
      retryInMs: Math.min(backOffCapMs, 1_000 * 2 ** Math.min(attempts, 20)),
      error: 'later',
    }
  }

  return {
    name: 'notice',
    everyMs: 500,
    async tick() {
      for (;;) {
        const due = await p.noticeStore.lease({ worker: p.worker, limit: batchSize, leaseMs })
        if (due.length > 0) await p.noticeStore.mark({ results: await Promise.all(due.map(send)) })
        if (due.length < batchSize) return
      }
    },
  }
}
