import { crc32 } from 'node:zlib'
import {
  type AdmissionQueueSubject,
  admissionQueueContract,
  type BookingStoreSubject,
  bookingStoreContract,
  type ContractCase,
  type GatewaySubject,
  manualRuntime,
  noticeStoreContract,
  type OutboxSubject,
  outboxContract,
  paymentGatewayContract,
  paymentViewContract,
  type SeatInventorySubject,
  seatInventoryContract,
} from '@b-ticketing/core/conformance'
import {
  createMemoryAdmissionQueue,
  createMemoryBookingStore,
  createMemoryNoticeStore,
  createMemoryOutbox,
  createMemoryPaymentView,
  createMemoryRecord,
  createMemorySeatInventory,
  createScriptedGateway,
  type MemoryRecord,
} from '@b-ticketing/core/memory'
import type {
  AdmissionQueue,
  AuditRow,
  BookingStore,
  Claim,
  Message,
  NoticeStore,
  Outbox,
  PaymentGateway,
  PaymentView,
  SeatInventory,
} from '@b-ticketing/core/ports'

/** The same adapter with one guard taken away; by default none is. */
type Weaken<Port> = (port: Port, record: MemoryRecord) => Port
const whole = <Port>(port: Port): Port => port

const outboxTable = { name: 'outbox' }
const claimTable = { name: 'claim' }
const auditTable = { name: 'audit' }

interface StoredMessage {
  readonly seq: number
  readonly lane: number
  readonly message: Message
}

/** Each kit over its in-memory adapter, the guard taken away in between. */
export const kits = {
  bookingStore: (weaken: Weaken<BookingStore> = whole): readonly ContractCase[] =>
    bookingStoreContract((): BookingStoreSubject => {
      const [runtime, record] = [manualRuntime(), createMemoryRecord()]
      return {
        port: weaken(createMemoryBookingStore({ record, runtime }), record),
        now: runtime.now,
        advance: runtime.advance,
        audit: async () => [...record.table<AuditRow>(auditTable).values()],
        claims: async () => [...record.table<Claim>(claimTable).values()],
        outbox: async () =>
          [...record.table<StoredMessage>(outboxTable).values()].map(({ lane, message }) => ({ lane, message })),
      }
    }),

  seatInventory: (weaken: Weaken<SeatInventory> = whole): readonly ContractCase[] =>
    seatInventoryContract((): SeatInventorySubject => {
      const runtime = manualRuntime()
      const inventory = createMemorySeatInventory({ runtime })
      const port = weaken(inventory, createMemoryRecord())
      return { port, now: runtime.now, advance: runtime.advance, lose: inventory.lose }
    }),

  admissionQueue: (weaken: Weaken<AdmissionQueue> = whole): readonly ContractCase[] =>
    admissionQueueContract((): AdmissionQueueSubject => {
      const runtime = manualRuntime()
      const queue = createMemoryAdmissionQueue({ runtime })
      const port = weaken(queue, createMemoryRecord())
      return { port, now: runtime.now, advance: runtime.advance, restart: queue.restart }
    }),

  outbox: (weaken: Weaken<Outbox> = whole): readonly ContractCase[] =>
    outboxContract((): OutboxSubject => {
      const [runtime, record] = [manualRuntime(), createMemoryRecord()]
      const rows = record.table<StoredMessage>(outboxTable)
      let seq = 0
      return {
        port: weaken(createMemoryOutbox({ record, runtime }), record),
        now: runtime.now,
        advance: runtime.advance,
        append: async (messages) => {
          for (const message of messages) {
            // As the transaction of its cause does it: an event is written once.
            if (rows.has(message.eventId)) continue
            rows.set(message.eventId, { seq: ++seq, lane: crc32(message.key) % 64, message })
          }
        },
        unpublished: async () => [...rows.keys()],
      }
    }),

  gateway: (weaken: Weaken<PaymentGateway> = whole): readonly ContractCase[] =>
    paymentGatewayContract((): GatewaySubject => {
      const runtime = manualRuntime()
      const port = weaken(createScriptedGateway({ runtime }), createMemoryRecord())
      return { port, now: runtime.now, advance: runtime.advance }
    }),

  noticeStore: (weaken: Weaken<NoticeStore> = whole): readonly ContractCase[] =>
    noticeStoreContract(() => {
      const [runtime, record] = [manualRuntime(), createMemoryRecord()]
      const port = weaken(createMemoryNoticeStore({ record, runtime }), record)
      const audit = async () => [...record.table<AuditRow>(auditTable).values()]
      return { port, now: runtime.now, advance: runtime.advance, audit }
    }),

  paymentView: (weaken: Weaken<PaymentView> = whole): readonly ContractCase[] =>
    paymentViewContract(() => {
      const runtime = manualRuntime()
      const port = weaken(createMemoryPaymentView({ runtime }), createMemoryRecord())
      return { port, now: runtime.now, advance: runtime.advance }
    }),
}

/** Names of the cases that fail. */
export async function failures(cases: readonly ContractCase[]): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of cases) {
    try {
      await run()
    } catch {
      failed.push(name)
    }
  }
  return failed
}
