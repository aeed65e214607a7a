// One process of the sale, with every role, on real services. Its parent calls the engine over IPC, and kills it.
import {
  type Adapters,
  createBookingEngine,
  isTicketingError,
  type Observer,
  type Runtime,
  systemRuntime,
} from '@b-ticketing/core'
import { kafkaAdapters } from '@b-ticketing/kafka-adapter'
import { mysqlAdapters } from '@b-ticketing/mysql-adapter'
import { redisAdapters } from '@b-ticketing/redis-adapter'
import { createPool, type ResultSetHeader } from 'mysql2/promise'
import { SandboxGateway } from '../../../examples/server/src/gateway/client.ts'
import { mailNotifier, smtpTransport } from '../../../examples/server/src/mail/mail-notifier.ts'
import type { Failpoint, FromEngine, House, Terms, ToEngine } from './engine-talk.ts'
import { mortalDoors } from './mortal.ts'

const terms = JSON.parse(process.argv[2] ?? '') as Terms
let aheadMs = terms.aheadMs ?? 0
let dies: Failpoint | null = terms.dies

const say = (message: FromEngine): void => void process.send?.(message, () => {})

const observer: Observer = {
  count: () => {},
  gauge: () => {},
  log: (level, message, fields) => {
    if (level !== 'warn' && level !== 'error') return
    const error = fields?.error
    const cause = error instanceof Error ? `${error.message} (${(error.cause as Error | undefined)?.message})` : error
    say({ say: 'log', line: `${level}: ${message} ${JSON.stringify({ ...fields, error: cause })}` })
  },
}
const runtime: Runtime = { ...systemRuntime, now: () => Date.now() + aheadMs }
const clock = terms.aheadMs !== null && { clock: { now: runtime.now } }

const mysql = mysqlAdapters({ uri: terms.mysqlUrl, connectionLimit: 8 }, { runtime, ...clock })
await mysql.migrate()
const { fenceSource, catalogue, deadLetters } = mysql
const redis = redisAdapters({ url: terms.redisUrl }, { fenceSource, catalogue, ...clock })
const kafka = kafkaAdapters(
  { brokers: [...terms.brokers], clientId: 'chaos' },
  { deadLetters, observer, prefix: terms.prefix, partitions: 4, sessionTimeoutMs: terms.sessionTimeoutMs },
)
// A broker that is away costs time only.
await kafka.doctor().catch(() => {})

const doors: Omit<Adapters, 'close'> = {
  ...mysql,
  ...redis,
  ...kafka,
  gateway: new SandboxGateway(terms.gatewayUrl),
  notifier: mailNotifier(smtpTransport(terms.smtpUrl), 'no-reply@example.org'),
}
const { migrate, doctor, ping, close, health, ...own } = doors as typeof doors & Record<string, unknown>
const engine = await createBookingEngine({
  ...(mortalDoors(own as typeof doors, () => dies) as Adapters),
  tokenSecrets: [{ kid: 'chaos', secret: 'a-secret-of-thirty-two-characters-or-more' }],
  runtime,
  observer,
})

const pool = createPool({ uri: terms.mysqlUrl, connectionLimit: 2 })

const house: House = {
  leave: (p) => engine.leave(p),
  tick: () => engine.tick(),
  advance: async ({ ms }) => {
    aheadMs += ms
  },
  arm: async (point) => {
    dies = point
  },
  flood: async ({ scheduleId, joins }) => {
    const asked = Array.from({ length: joins }, (_, i) =>
      engine.waitingRoom.join({ scheduleId, visitor: `flood-${i}`, operationId: `flood-${i}` }).then(
        () => 'joined',
        (error: unknown) => (isTicketingError(error) && error.code === 'BUSY' ? 'busy' : String(error)),
      ),
    )
    const answers = await Promise.all(asked)
    const [joined, busy] = ['joined', 'busy'].map((word) => answers.filter((answer) => answer === word).length)
    const others = answers.filter((answer) => answer !== 'joined' && answer !== 'busy').slice(0, 5)
    return { joined: joined ?? 0, busy: busy ?? 0, others }
  },
  write: async ({ resource, holdMs }) => {
    try {
      return await engine.locks.withLock({ resource, ttlMs: 1_000, retries: 1, renew: false }, async ({ fence }) => {
        await runtime.sleep({ ms: holdMs })
        const [{ affectedRows }] = await pool.query<ResultSetHeader>(
          'UPDATE chaos_fence SET seen = ?, writes = writes + 1 WHERE resource = ? AND seen < ?',
          [fence, resource, fence],
        )
        return affectedRows === 1 ? 'written' : 'refused'
      })
    } catch {
      // Not held, not held to the end, or nobody knows whether it was written.
      return 'lost'
    }
  },
}

const { schedules, waitingRoom, seating, payments, bookings } = engine
const rooms = { schedules, waitingRoom, seating, payments, bookings, house } as unknown as Readonly<
  Record<string, Readonly<Record<string, (params: unknown) => Promise<unknown>>>>
>

process.on('message', async ({ id, room, method, params }: ToEngine) => {
  try {
    say({ say: 'answer', id, value: await rooms[room]?.[method]?.(params) })
  } catch (error) {
    const { name, message } = error as Error
    const code = isTicketingError(error) ? error.code : ''
    say({ say: 'refused', id, name, code, text: message })
  }
})
process.on('disconnect', () => process.exit())

await engine.start()
say({ say: 'open' })
