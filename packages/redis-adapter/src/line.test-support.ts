import {
  createBookingEngine,
  defaultSettings,
  type Engine,
  generateBallpark,
  isTicketingError,
  type SaleSettings,
} from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import type { AdmissionQueue, Catalogue, LineDocument, SaleState, ScheduleRecord } from '@b-ticketing/core/ports'
import { type RedisAdapterOptions, redisAdapters } from './index.ts'
import type { RedisClient } from './redis-client.ts'

export const scheduleId = 'game-1'
const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least thirty-two characters' }]
const venue = generateBallpark({ seats: 250 })

/** A record as the catalogue would keep it, for tests of the port alone. */
export const recordOf = (settings: Partial<SaleSettings> = {}, set: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  ...{ scheduleId, venueId: 'venue-1', name: 'game', currency: 'KRW', startsAt: null, opensAt: null, prices: {} },
  ...{ version: 1, epoch: 'epoch-1', ceiling: 0, incarnation: 1, draw: null, state: 'open', lineIncarnation: 1 },
  settings: { ...defaultSettings, ratePerMinute: null, capacity: null, ...settings },
  ...set,
})

/** Installs a line that takes `ceiling` visitors. */
export async function installed(
  queue: AdmissionQueue,
  record: ScheduleRecord,
  ceiling = 100_000,
): Promise<ScheduleRecord> {
  await queue.configure({ scheduleId, record, recover: true })
  const open = { ...record, version: record.version + 1, ceiling }
  await queue.configure({ scheduleId, record: open })
  return open
}

export const joinsOf = (...visitors: readonly string[]) =>
  visitors.map((visitor) => ({ visitor, operationId: `join-${visitor}` }))

/** A document, or the failure of the test. */
export function known(answer: LineDocument | 'RECOVER'): LineDocument {
  if (answer === 'RECOVER') throw new Error('the line has to be recovered')
  return answer
}

/** An engine whose line is in Redis and whose record is somebody's catalogue; the rest is its own. */
export async function openEngine(p: {
  readonly redis: RedisClient | { readonly url: string }
  readonly catalogue: Catalogue
  readonly options?: RedisAdapterOptions
}): Promise<Engine> {
  const { admissionQueue, close } = redisAdapters(p.redis, p.options)
  const rest = { ...inMemoryAdapters(), tokenSecrets, roles: ['web'] as const }
  return createBookingEngine({ ...rest, catalogue: p.catalogue, admissionQueue, close })
}

/** One record, and as many engines ("processes") over it and one Redis as a test starts. */
export async function openSale(p: {
  readonly url: string
  readonly prefix: string
  readonly settings?: Partial<SaleSettings>
  readonly state?: SaleState
  readonly timeoutMs?: number
}) {
  const { catalogue } = inMemoryAdapters()
  const engines: Engine[] = []
  const start = async (options: RedisAdapterOptions & { readonly url?: string } = {}): Promise<Engine> => {
    const { url = p.url, timeoutMs = p.timeoutMs ?? 2_000, ...rest } = options
    const engine = await openEngine({ redis: { url }, catalogue, options: { prefix: p.prefix, timeoutMs, ...rest } })
    engines.push(engine)
    return engine
  }
  const settings = { ratePerMinute: null, capacity: 0, ...p.settings }
  const first = await start()
  await first.schedules.putVenue({ venue })
  await first.schedules.create({ scheduleId, venueId: venue.venueId, state: p.state ?? 'open', settings })
  return { catalogue, first, start, close: () => Promise.all(engines.map((engine) => engine.close())) }
}

/** Tries again while the answer is BUSY, as a client does. */
export async function insist<T>(call: () => Promise<T>, withinMs = 30_000): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isTicketingError(error) || error.code !== 'BUSY' || Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
