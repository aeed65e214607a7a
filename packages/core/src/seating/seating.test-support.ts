import { createMemoryCatalogue } from '../catalogue/catalogue.memory.ts'
import { createSchedules } from '../catalogue/catalogue.ts'
import { importVenue } from '../catalogue/import-venue.ts'
import type { SaleSettings } from '../catalogue/schedule.ts'
import type { Venue } from '../catalogue/venue.ts'
import { createMemoryLockStore } from '../locking/lock-store.memory.ts'
import { createMemoryChangeFeed } from '../messaging/change-feed.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { TicketingError } from '../shared/errors.ts'
import { failClosed } from '../shared/fail-closed.ts'
import { withParams } from '../shared/params.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import type { Pass } from '../waiting-room/pass.ts'
import { createExpiryLoop } from './expiry-loop.ts'
import { createFeedLoop } from './feed-loop.ts'
import type { OnStalePins } from './hold-desk.ts'
import { createHoldDesk } from './hold-desk-service.ts'
import { createSeatBooks } from './seat-books.ts'
import { createMemorySeatInventory } from './seat-inventory.memory.ts'
import type { SeatInventory, SeatNews } from './seat-inventory.port.ts'
import { createMemorySeatSource } from './seat-source.memory.ts'
import type { SeatSource } from './seat-source.port.ts'
import { createSeating } from './seating-service.ts'

export const scheduleId = 'game-1'
export const capacity = 20 + 10 + 8 + 2 + 100

/** A: two rows of ten · B: accessible, channel and blocked seats · T: two tables of four · E: elastic, 2 of at most 5 · G: 100 places. */
const venue = importVenue({
  venueId: 'park',
  name: 'Park',
  currency: 'KRW',
  grades: [
    { id: 'blue', label: 'Blue', price: 20_000 },
    { id: 'red', label: 'Red', price: 30_000 },
  ],
  sections: [
    { id: 'A', grade: 'blue', rows: [1, 2].map((id) => ({ id: String(id), label: String(id), seats: [[1, 10]] })) },
    {
      id: 'B',
      grade: 'red',
      rows: [
        {
          id: '1',
          label: '1',
          seats: Array.from({ length: 10 }, (_, i) => ({
            label: String(i + 1),
            position: i + 1,
            ...(i < 2 && { accessible: true }),
            ...(i === 2 && { companion: true }),
            ...(i === 8 && { channel: 'sponsor' }),
            ...(i === 9 && { blocked: true }),
          })),
        },
      ],
    },
    {
      id: 'T',
      kind: 'table',
      soldWhole: true,
      grade: 'red',
      rows: [1, 2].map((id) => ({ id: String(id), label: String(id), seats: [[1, 4]] })),
    },
    { id: 'E', kind: 'elastic', maxCapacity: 5, grade: 'blue', rows: [{ id: '1', label: '1', seats: [[1, 2]] }] },
    { id: 'G', kind: 'ga', capacity: 100, grade: 'blue' },
  ],
})

export interface Faults {
  inventory?(port: SeatInventory): SeatInventory
  source?(port: SeatSource): SeatSource
}

/** Seating over memory doors, in several processes that share them. */
export async function ballpark(
  p: { settings?: Partial<SaleSettings>; processes?: number; seed?: number; faults?: Faults; venue?: Venue } = {},
) {
  const runtime = manualRuntime({ seed: p.seed ?? 1 })
  const record = createMemoryRecord()
  const catalogue = createMemoryCatalogue({ record, runtime })
  const { schedules, records } = createSchedules({ catalogue, runtime })
  const sale = await schedules.create({
    scheduleId,
    venue: p.venue ?? venue,
    state: 'open',
    settings: p.settings ?? {},
  })
  const store = createMemorySeatInventory({ runtime })
  const memorySource = createMemorySeatSource({ record, runtime })
  const inventory = failClosed(p.faults?.inventory?.(store) ?? store)
  const source = failClosed(p.faults?.source?.(memorySource) ?? memorySource)
  const feed = createMemoryChangeFeed<SeatNews>({ runtime })
  const locks = createMemoryLockStore({ runtime })
  const over = new Set<string>()
  const gate = {
    demand: async ({ pass }: { readonly pass: Pass }) => gate.glance({ pass }),
    glance: async ({ pass }: { readonly pass: Pass }) => {
      if (over.has(pass.visitor)) throw new TicketingError('PASS_EXPIRED', 'the pass is over')
    },
  }
  const stale: string[] = []
  const onStalePins: OnStalePins = async ({ requestIds }) => void stale.push(...requestIds)
  const processes = Array.from({ length: p.processes ?? 1 }, () => {
    const books = createSeatBooks({ runtime, records, inventory, source, feed, locks })
    return {
      books,
      seating: withParams(createSeating({ runtime, records, books, source, gate })),
      desk: createHoldDesk({ runtime, records, books, inventory, source }),
      expiry: createExpiryLoop({ records, books, inventory, onStalePins }),
      feedLoop: createFeedLoop({ books }),
    }
  })
  for (const { books } of processes) await books.open(scheduleId)
  const pass = (visitor: string, more: Partial<Pass> = {}): Pass => {
    const expiresAt = runtime.now() + 600_000
    return { scheduleId, epoch: sale.epoch, number: 1, visitor, expiresAt, token: 'test', ...more } as Pass
  }
  return {
    runtime,
    record,
    schedules,
    records,
    store,
    source,
    inventory,
    feed,
    locks,
    processes,
    ...processes[0]!,
    pass,
    over,
    stale,
    sale,
  }
}

export const ids = (section: string, row: number, ...labels: readonly number[]): readonly string[] =>
  labels.map((label) => `${section}-${row}-${label}`)
