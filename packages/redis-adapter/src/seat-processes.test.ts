import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createBookingEngine, generateBallpark } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { expect, test } from 'vitest'
import { type RedisAdapterOptions, redisAdapters } from './index.ts'
import { scheduleId } from './line.test-support.ts'
import { describeRedis, type TestRedis } from './redis.test-support.ts'
import type { FromChild, FromParent, SeatReport } from './seat-process.test-support.ts'

const file = fileURLToPath(new URL('./seat-process.test-support.ts', import.meta.url))
const seats = 100

/** A thousand visitors of four processes want a seat each; the record is here. */
async function rush(redis: TestRedis, more: RedisAdapterOptions): Promise<readonly SeatReport[]> {
  const memory = inMemoryAdapters()
  const options = { prefix: `test-${randomUUID()}:`, timeoutMs: 5_000, ...more }
  const { doctor: _, ...ours } = redisAdapters({ url: redis.url }, options)
  const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least thirty-two characters' }]
  const engine = await createBookingEngine({ ...memory, ...ours, tokenSecrets })
  const venue = generateBallpark({ seats, sections: 4 })
  await engine.schedules.putVenue({ venue })
  const settings = { ratePerMinute: null, capacity: null }
  await engine.schedules.create({ scheduleId, venueId: venue.venueId, state: 'open', settings })
  await engine.tick()

  const process = (k: number): Promise<readonly SeatReport[]> => {
    const child = fork(file, [redis.url, JSON.stringify(options)], { execArgv: ['--conditions=@b-ticketing/source'] })
    const send = (message: FromParent) => child.connected && child.send(message, () => {})
    const ports = memory as unknown as Record<string, Record<string, (args: unknown) => Promise<unknown>>>
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`process ${k} ended: ${code}`)))
      child.on('message', async (message: FromChild) => {
        if (message.is === 'done') {
          resolve(message.reports)
          return child.disconnect()
        }
        const { id, port, method, args } = message
        await ports[port]![method]!(args).then(
          (value) => send({ is: 'answer', id, value }),
          (error: Error) => send({ is: 'answer', id, failed: error.message }),
        )
      })
      send({ is: 'buy', visitors: Array.from({ length: 250 }, (_, i) => `visitor-${k}-${i}`) })
    })
  }
  const reports = await Promise.all([0, 1, 2, 3].map(process))
  const { available, reserved } = await engine.seating.stats({ scheduleId })
  expect({ available, reserved }).toEqual({ available: 0, reserved: seats })
  await engine.close()
  return reports.flat()
}

await describeRedis('one seat map, many processes', (redis) => {
  const shapes = [{}, { shardBy: 'section' }] as const
  test.each(shapes)(
    'H3: 1 000 clients of four processes on 100 seats: exactly 100 winners, each with a seat of their own (%o)',
    async (options) => {
      const reports = await rush(redis, options)
      const won = reports.filter(({ seatId }) => seatId !== null)
      expect(won).toHaveLength(seats)
      expect(new Set(won.map(({ seatId }) => seatId)).size).toBe(seats)
      expect(new Set(reports.map(({ reason }) => reason))).toEqual(new Set([null, 'SEATS_UNAVAILABLE']))
      expect(reports).toHaveLength(1_000)
    },
    60_000,
  )
})
