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
import { createExpiryLoop } from '../seating/expiry-loop.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'
import { createHoldDesk } from '../seating/hold-desk-service.ts'
import { createSeatBooks } from '../seating/seat-books.ts'
import { createMemorySeatInventory } from '../seating/seat-inventory.memory.ts'
import type { SeatNews } from '../seating/seat-inventory.port.ts'
import { createMemorySeatSource } from '../seating/seat-source.memory.ts'
import { createSeating } from '../seating/seating-service.ts'
import { claims } from '../seating/seating-tables.memory.ts'
import { manualRuntime, settle } from '../shared/contract.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { PaymentRecord } from './booking.ts'
import { createMemoryBookingStore } from './booking-store.memory.ts'
import type { BookingStore } from './booking-store.port.ts'
import { createBookings, type Payments } from './bookings.ts'
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

/** Everything that outlives a process: stores, broker, gateway and the clock, which is in the test's hand. */
export async function openWorld(p: { readonly seed?: number } = {}) {
  const runtime = manualRuntime({ seed: p.seed ?? 1 })
  const record = createMemoryRecord()
  const catalogue = createMemoryCatalogue({ record, runtime })
  const deadLetters = createMemoryDeadLetters({ record, runtime })
  /** Where the gateway's webhooks go: the process that lives. */
  const webhooks: { to: Pick<Payments, 'settle'> | null } = { to: null }
  const world = {
    ...{ runtime, record, catalogue, deadLetters, webhooks },
    alerts: [] as string[],
    /** Kinds of seats that were repaired from the record. */
    repairs: [] as string[],
    inventory: createMemorySeatInventory({ runtime }),
    source: createMemorySeatSource({ record, runtime }),
    feed: createMemoryChangeFeed<SeatNews>({ runtime }),
    locks: createMemoryLockStore({ runtime, fenceSource: createMemoryFenceSource({ record }) }),
    store: createMemoryBookingStore({ record, runtime }),
    view: createMemoryPaymentView({ runtime }),
    outboxRows: createMemoryOutbox({ record, runtime }),
    eventBus: createMemoryEventBus({ runtime, deadLetters }),
    sandbox: createScriptedGateway({
      runtime,
      deliver: ({ event }) => {
        if (!webhooks.to) throw new Error('nobody listens')
        return webhooks.to.settle({ requestId: event.requestId, event, source: 'webhook' })
      },
    }),
  }
  await createSchedules({ catalogue, runtime }).schedules.create({
    scheduleId,
    venue,
    state: 'open',
    settings: { maxSeatsPerVisitor: 8 },
  })
  return world
}

export type World = Awaited<ReturnType<typeof openWorld>>

/** One process over the world: seats, payments, bookings and their loops. */
export async function startProcess(
  world: World,
  p: { readonly doors?: Doors /** Default: true. */; readonly consumer?: boolean } = {},
) {
  const { runtime, alerts, catalogue, inventory, source, feed, locks, deadLetters, eventBus, sandbox } = world
  const observer: Observer = {
    log: () => {},
    gauge: () => {},
    count: (name, labels) => {
      if (name === 'payment_alerts') alerts.push(labels?.kind ?? '')
      if (name === 'seat_repairs') world.repairs.push(labels?.kind ?? '')
    },
  }
  const { records } = createSchedules({ catalogue, runtime, observer })
  const books = createSeatBooks({ runtime, records, inventory, source, feed, locks, observer })
  const desk = createHoldDesk({ runtime, records, books, inventory, source })
  const holdDesk = p.doors?.holdDesk?.(desk) ?? desk
  const ended = new Set<string>()
  const passGate = {
    demand: async ({ pass }: { readonly pass: Pass }) => {
      if (ended.has(pass.visitor)) throw new TicketingError('PASS_EXPIRED', 'the pass has ended')
    },
    glance: async () => {},
  }
  const seating = createSeating({ runtime, records, books, source, gate: passGate })
  const bookingStore = p.doors?.bookingStore?.(world.store) ?? world.store
  const paymentView = p.doors?.paymentView?.(world.view) ?? world.view
  const gateway = p.doors?.gateway?.(sandbox) ?? sandbox
  const outbox = createOutboxLoop({ outbox: world.outboxRows, eventBus, runtime, observer })
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
  const expiry = createExpiryLoop({ records, books, inventory, onStalePins: reconcile.onStalePins })
  const subscription = (p.consumer ?? true) ? await charge.subscribe() : null
  world.webhooks.to = payments

  const pass = (visitor: string): Pass => {
    const expiresAt = runtime.now() + 3_600_000
    return { scheduleId, epoch: 'e1', number: 1, visitor, expiresAt, token: 't' } as unknown as Pass
  }

  const hold = async (visitor: string, ...seats: readonly number[]) => {
    const taken = await seating.select({ pass: pass(visitor), seatIds: seats.map((seat) => `A-1-${seat}`) })
    if (!taken.ok) throw new Error(`no hold: ${taken.reason}`)
    return taken.value
  }

  /** Everything that is due now, relay and consumer included; gateway work goes on beside. */
  const tick = async (): Promise<void> => {
    for (const loop of [outbox, due, repair, expiry]) {
      await loop.tick()
      await settle()
    }
  }

  return {
    ...{ desk, seating, payments, bookings, settlement, projection, workers, subscription },
    ...{ charge, due, repair, reconcile, expiry, outbox, ended, pass, hold, tick },
    /** Holds the seats and asks for their payment. */
    async pay(visitor: string, seats: readonly number[], paymentToken: SandboxToken = 'tok_approve', key = 'k1') {
      const mine = await hold(visitor, ...seats)
      const buyer = { email: `${visitor}@example.com` }
      return payments.request({ pass: pass(visitor), hold: mine, buyer, paymentToken, idempotencyKey: key })
    },
    /** So many ms in steps of 500, ticking as a running engine does. */
    async run(ms: number) {
      for (let at = 0; at < ms; at += 500) {
        await tick()
        await runtime.elapse(Math.min(500, ms - at))
      }
      await tick()
    },
    /** Seats of section A as the world sees them, `.` free, `r` reserved, `c` completed. */
    async map() {
      const { rows } = await seating.section({ scheduleId, section: 'A' })
      return rows[0]!.seats.map(({ state }) => (state === 'AVAILABLE' ? '.' : state[0]!.toLowerCase())).join('')
    },
  }
}

/** A world with one process in it, and readers of their own behind the services. */
export async function boxOffice(
  p: { readonly doors?: Doors; readonly seed?: number; readonly consumer?: boolean } = {},
) {
  const world = await openWorld(p)
  return { ...world, ...(await startProcess(world, p)), ...readers(world) }
}

export const readers = ({ record, store, sandbox }: World) => ({
  /** The record's owners, in words. */
  owners: () => [...record.table(claims).values()].map((c) => `${c.section}${c.seat + 1} ${c.state}`).sort(),
  async recordOf(requestId: string): Promise<PaymentRecord> {
    const [found] = await store.find({ keys: [{ requestId }] })
    return found!
  },
  /** Captured − refunded (of this payment), by the gateway's books. */
  net: (requestId?: string) =>
    sandbox
      .ledger()
      .filter((entry) => entry.status === 'succeeded' && (requestId === undefined || entry.requestId === requestId))
      .reduce((sum, { type, amount }) => sum + (type === 'charge' ? amount.value : -amount.value), 0),
})

export type BoxOffice = Awaited<ReturnType<typeof boxOffice>>
