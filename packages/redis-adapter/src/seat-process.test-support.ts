// One server process of a sale: line, seats, locks and news are in Redis, its record is the parent's, asked over IPC.
import { createBookingEngine } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import type { Catalogue, SeatSource } from '@b-ticketing/core/ports'
import { type RedisAdapterOptions, redisAdapters } from './index.ts'
import { insist, scheduleId } from './line.test-support.ts'

/** What the parent is told: the seat a visitor got, or why there was none. */
export interface SeatReport {
  readonly visitor: string
  readonly seatId: string | null
  readonly reason: string | null
}

export type FromChild =
  | { readonly is: 'call'; readonly id: number; readonly port: string; readonly method: string; readonly args: unknown }
  | { readonly is: 'done'; readonly reports: readonly SeatReport[] }

export type FromParent =
  | { readonly is: 'answer'; readonly id: number; readonly value?: unknown; readonly failed?: string }
  | { readonly is: 'buy'; readonly visitors: readonly string[] }

const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
let calls = 0

/** A port of the parent's: every method is a question. */
const remote = <Port extends object>(port: string): Port =>
  new Proxy({} as Port, {
    get: (_, method) => (args: unknown) =>
      new Promise((resolve, reject) => {
        open.set(++calls, { resolve, reject })
        // A parent that is gone has heard all it wanted.
        process.send?.({ is: 'call', id: calls, port, method: String(method), args }, undefined, {}, () => {})
      }),
  })

/** One seat for each visitor, all at once, as many times as a visitor is told to wait. */
async function buy(url: string, options: RedisAdapterOptions, visitors: readonly string[]): Promise<void> {
  const { doctor: _, ...redis } = redisAdapters({ url }, { timeoutMs: 5_000, ...options })
  const record = { catalogue: remote<Catalogue>('catalogue'), seatSource: remote<SeatSource>('seatSource') }
  const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least thirty-two characters' }]
  const engine = await createBookingEngine({ ...inMemoryAdapters(), ...redis, ...record, tokenSecrets, roles: ['web'] })
  await engine.start()
  const one = async (visitor: string): Promise<SeatReport> => {
    const { ticket } = await insist(() =>
      engine.waitingRoom.join({ scheduleId, visitor, operationId: `join-${visitor}` }),
    )
    for (;;) {
      const status = await insist(() => engine.waitingRoom.status({ ticket }))
      if (status.state !== 'admitted') {
        await new Promise((resolve) => setTimeout(resolve, 50))
        continue
      }
      const { pass } = status
      const hold = await insist(() => engine.seating.autoAssign({ pass, quantity: 1, operationId: `op-${visitor}` }))
      return hold.ok
        ? { visitor, seatId: hold.value.seats[0]?.seatId ?? null, reason: null }
        : { visitor, seatId: null, reason: hold.reason }
    }
  }
  const reports = await Promise.all(visitors.map(one))
  process.send?.({ is: 'done', reports })
}

if (process.send) {
  const [, , url = '', options = '{}'] = process.argv
  process.on('message', (message: FromParent) => {
    if (message.is === 'answer') {
      const asked = open.get(message.id)
      open.delete(message.id)
      if (message.failed === undefined) asked?.resolve(message.value)
      else asked?.reject(new Error(message.failed))
      return
    }
    buy(url, JSON.parse(options), message.visitors).catch((error: Error) => {
      console.error(error)
      process.exit(1)
    })
  })
  process.on('disconnect', () => process.exit())
}
