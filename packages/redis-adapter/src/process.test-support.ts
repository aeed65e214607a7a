// One server process of a sale: its line is in Redis, its record is the parent's, asked over IPC.
import { performance } from 'node:perf_hooks'
import type { Catalogue } from '@b-ticketing/core/ports'
import { insist, openEngine, scheduleId } from './line.test-support.ts'

/** What the parent is told of a join. Instants in µs of the system's monotonic clock, which all processes share. */
export interface JoinReport {
  readonly visitor: string
  readonly number: number
  readonly created: boolean
  readonly from: number
  readonly to: number
}

export type ToParent =
  | { readonly is: 'call'; readonly id: number; readonly method: keyof Catalogue; readonly args: unknown }
  | { readonly is: 'joined'; readonly joins: readonly JoinReport[] }
  | { readonly is: 'done' }

export type ToChild =
  | { readonly is: 'answer'; readonly id: number; readonly value?: unknown; readonly failed?: string }
  | { readonly is: 'join'; readonly visitors: readonly string[]; readonly atOnce: number }

const send = (message: ToParent) => process.send?.(message)
const micros = () => Number(process.hrtime.bigint() / 1_000n)

/** The parent's catalogue, method by method. */
function remoteCatalogue(): { catalogue: Catalogue; answer(message: ToChild & { is: 'answer' }): void } {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let calls = 0
  const call = (method: keyof Catalogue) => (args: unknown) =>
    new Promise<never>((resolve, reject) => {
      open.set(++calls, { resolve: resolve as (value: unknown) => void, reject })
      send({ is: 'call', id: calls, method, args })
    })
  return {
    catalogue: {
      putVenue: call('putVenue'),
      venue: call('venue'),
      putSchedule: call('putSchedule'),
      schedules: call('schedules'),
      change: call('change'),
      audit: call('audit'),
    },
    answer: ({ id, value, failed }) => {
      if (failed === undefined) open.get(id)?.resolve(value)
      else open.get(id)?.reject(new Error(failed))
      open.delete(id)
    },
  }
}

if (process.send) {
  const [, , url = '', prefix = ''] = process.argv
  const { catalogue, answer } = remoteCatalogue()
  const started = openEngine({ redis: { url }, catalogue, options: { prefix, timeoutMs: 5_000 } }).then(
    async (engine) => {
      await engine.start()
      return engine
    },
  )

  const join = async (visitors: readonly string[], atOnce: number): Promise<void> => {
    const engine = await started
    let next = 0
    let reports: JoinReport[] = []
    const flush = () => {
      send({ is: 'joined', joins: reports })
      reports = []
    }
    const one = async (visitor: string) => {
      const from = micros()
      const p = { scheduleId, visitor, operationId: `join-${visitor}` }
      const { status, created } = await insist(() => engine.waitingRoom.join(p))
      reports.push({ visitor, number: status.number as number, created, from, to: micros() })
      if (reports.length >= 500) flush()
    }
    const lane = async () => {
      while (next < visitors.length) await one(visitors[next++] as string)
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    flush()
    send({ is: 'done' })
  }

  process.on('message', (message: ToChild) => {
    if (message.is === 'answer') return answer(message)
    join(message.visitors, message.atOnce).catch((error: Error) => {
      console.error(error, performance.now())
      process.exit(1)
    })
  })
  process.on('disconnect', () => process.exit())
}
