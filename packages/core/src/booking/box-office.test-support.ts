import { createMemoryCatalogue } from '../catalogue/catalogue.memory.ts'
import { createSchedules } from '../catalogue/catalogue.ts'
import type { Venue } from '../catalogue/venue.ts'
import { createMemoryFenceSource } from '../locking/fence-source.memory.ts'
import { createMemoryLockStore } from '../locking/lock-store.memory.ts'
import { createMemoryChangeFeed } from '../messaging/change-feed.memory.ts'
import { createMemoryDeadLetters } from '../messaging/dead-letters.memory.ts'
import { createMemoryEventBus } from '../messaging/event-bus.memory.ts'
import { createMemoryOutbox } from '../messaging/outbox.memory.ts'
import { createOutboxLoop } from '../messaging/outbox-loop.ts'
import { createScriptedGateway, type SandboxToken } from '../payment/payment-gateway.memory.ts'
import type { PaymentGateway } from '../payment/payment-gateway.port.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'
import { createHoldDesk } from '../seating/hold-desk-service.ts'
import { createSeatBooks } from '../seating/seat-books.ts'
import { createMemorySeatInventory } from '../seating/seat-inventory.memory.ts'
import type { SeatNews } from '../seating/seat-inventory.port.ts'
import { createMemorySeatSource } from '../seating/seat-source.memory.ts'
import { createSeating } from '../seating/seating-service.ts'
import { claims } from '../seating/seating-tables.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { PaymentRecord } from './booking.ts'
import { createMemoryBookingStore } from './booking-store.memory.ts'
import type { BookingStore } from './booking-store.port.ts'
import { createBookings } from './bookings.ts'
import { createChargeConsumer } from './charge-loop.ts'
import { createDueLoop } from './due-loop.ts'
import { createMemoryPaymentView } from './payment-view.memory.ts'
import type { PaymentView } from './payment-view.port.ts'
import { createProjection } from './projection.ts'
import { createProjectionLoop } from './projection-loop.ts'
import { createReconcileLoop } from './reconcile-loop.ts'
import { createSettlement } from './settlement.ts'
import { createWorkers } from './workers.ts'

export const scheduleId = 'game-1'
export const seatPrice = 21_000

const venue: Venue = {
  venueId: 'park',
  name: 'Park',
  currency: 'KRW',
  grades: [{ id: 'blue', label: 'Blue', price: seatPrice }],
  sections: ['A', 'B'].map((id, i) => ({
    id,
    label: id,
    kind: 'seated',
    grade: 'blue',
    x: 0,
    y: i * 10,
    capacity: 20,
    focalPoint: { x: 10, y: 0 },
    rows: [
      {
        id: '1',
        label: '1',
        seats: Array.from({ length: 20 }, (_, n) => ({
          seatId: `${id}-1-${n + 1}`,
          label: String(n + 1),
          x: n,
          y: 0,
          position: n + 1,
        })),
      },
    ],
  })),
}

/** Decorators between the services and their doors, for faults. */
export interface Doors {
  gateway?(gateway: PaymentGateway): PaymentGateway
  bookingStore?(store: BookingStore): BookingStore
  paymentView?(view: PaymentView): PaymentView
  holdDesk?(desk: HoldDesk): HoldDesk
}

/** Seats, payments and bookings over memory doors, with the clock in the test's hand. */
export async function boxOffice(
  p: { readonly doors?: Doors; readonly seed?: number /** Default: true. */; readonly consumer?: boolean } = {},
) {
  const runtime = manualRuntime({ seed: p.seed ?? 1 })
  const record = createMemoryRecord()
  const alerts: string[] = []
  const observer: Observer = {
    log: () => {},
    gauge: () => {},
    count: (name, labels) => void (name === 'payment_alerts' && alerts.push(labels?.kind ?? '')),
  }
  const catalogue = createMemoryCatalogue({ record, runtime })
  const records = createSchedules({ catalogue, runtime, observer })
  const inventory = createMemorySeatInventory({ runtime })
  const source = createMemorySeatSource({ record, runtime })
  const feed = createMemoryChangeFeed<SeatNews>({ runtime })
  const locks = createMemoryLockStore({ runtime, fenceSource: createMemoryFenceSource({ record }) })
  const books = createSeatBooks({ runtime, records, inventory, source, feed, locks, observer })
  const desk = createHoldDesk({ runtime, records, books, inventory, source })
  const holdDesk = p.doors?.holdDesk?.(desk) ?? desk
  const ended = new Set<string>()
  const passGate = {
    demand: async ({ pass }: { readonly pass: Pass }) => {
      if (ended.has(pass.visitor)) throw new TicketingError('PASS_EXPIRED', 'the pass has ended')
    },
    glance: () => {},
  }
  const seating = createSeating({ runtime, records, books, source, gate: passGate })
  const store = createMemoryBookingStore({ record, runtime })
  const bookingStore = p.doors?.bookingStore?.(store) ?? store
  const view = createMemoryPaymentView({ runtime })
  const paymentView = p.doors?.paymentView?.(view) ?? view
  const deadLetters = createMemoryDeadLetters({ record, runtime })
  const eventBus = createMemoryEventBus({ runtime, deadLetters })
  const outbox = createOutboxLoop({ outbox: createMemoryOutbox({ record, runtime }), eventBus, runtime, observer })

  const sandbox = createScriptedGateway({
    runtime,
    deliver: ({ event }) => payments.settle({ requestId: event.requestId, event, source: 'webhook' }),
  })
  const gateway = p.doors?.gateway?.(sandbox) ?? sandbox
  const projection = createProjection({ bookingStore, paymentView, holdDesk, runtime, observer })
  const settlement = createSettlement({ bookingStore, gateway, deadLetters, projection, runtime, observer })
  const secret = 'a secret of at least 32 characters'
  const deps = { bookingStore, paymentView, holdDesk, projection, settlement, catalogue, passGate, runtime, observer }
  const { payments, bookings } = createBookings({ ...deps, secret })
  const workers = createWorkers({ observer })
  const charge = createChargeConsumer({ bookingStore, settlement, workers, eventBus, observer })
  const due = createDueLoop({ bookingStore, settlement, projection, workers, worker: 'w1' })
  const repair = createProjectionLoop({ projection })
  const reconcile = createReconcileLoop({ bookingStore, holdDesk, projection, catalogue, runtime, observer })

  if (p.consumer ?? true) await charge.subscribe()
  await records.create({ scheduleId, venue, state: 'open', settings: { maxSeatsPerVisitor: 8 } })

  const pass = (visitor: string): Pass =>
    ({
      scheduleId,
      epoch: 'e1',
      number: 1,
      visitor,
      expiresAt: runtime.now() + 3_600_000,
      token: 't',
    }) as unknown as Pass

  const hold = async (visitor: string, ...seats: readonly number[]) => {
    const taken = await seating.select({ pass: pass(visitor), seatIds: seats.map((seat) => `A-1-${seat}`) })
    if (!taken.ok) throw new Error(`no hold: ${taken.reason}`)
    return taken.value
  }

  return {
    ...{ runtime, record, alerts, catalogue, sandbox, store, view, desk, deadLetters, eventBus, seating, inventory },
    ...{ payments, bookings, settlement, projection, workers, charge, due, repair, reconcile, outbox, ended },
    pass,
    hold,
    /** Holds the seats and asks for their payment. */
    async pay(
      visitor: string,
      seats: readonly number[],
      paymentToken: SandboxToken | string = 'tok_approve',
      key = 'k1',
    ) {
      const mine = await hold(visitor, ...seats)
      const buyer = { email: `${visitor}@example.com` }
      return payments.request({ pass: pass(visitor), hold: mine, buyer, paymentToken, idempotencyKey: key })
    },
    /** Everything that is due now, relay and consumer included; gateway work goes on beside. */
    async tick() {
      await outbox.tick()
      await runtime.elapse(0)
      await due.tick()
      await runtime.elapse(0)
      await repair.tick()
    },
    /** So many ms in steps of 500, ticking as a running engine does. */
    async run(ms: number) {
      for (let at = 0; at < ms; at += 500) {
        await this.tick()
        await runtime.elapse(Math.min(500, ms - at))
      }
      await this.tick()
    },
    /** The record's owners, in words. */
    owners: () => [...record.table(claims).values()].map((c) => `${c.section}${c.seat + 1} ${c.state}`).sort(),
    /** Seats of section A as the world sees them, `.` free, `r` reserved, `c` completed. */
    async map() {
      const { rows } = await seating.section({ scheduleId, section: 'A' })
      return rows[0]!.seats.map(({ state }) => (state === 'AVAILABLE' ? '.' : state[0]!.toLowerCase())).join('')
    },
    async recordOf(requestId: string): Promise<PaymentRecord> {
      const [found] = await store.find({ keys: [{ requestId }] })
      return found!
    },
    /** Captured − refunded under this payment, by the gateway's books. */
    net: (requestId?: string) =>
      sandbox
        .ledger()
        .filter((entry) => entry.status === 'succeeded' && (requestId === undefined || entry.requestId === requestId))
        .reduce((sum, { type, amount }) => sum + (type === 'charge' ? amount.value : -amount.value), 0),
  }
}

export type BoxOffice = Awaited<ReturnType<typeof boxOffice>>
