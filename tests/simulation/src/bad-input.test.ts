import { createBookingEngine, isTicketingError } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { expect, test } from 'vitest'
import { tokenSecrets } from './cluster.ts'

const junk: readonly unknown[] = [
  ...[undefined, null, true, 42, Number.NaN, 'text', '', [], {}, () => {}, Symbol.iterator],
  ...[{ scheduleId: 1 }, { scheduleId: 'nowhere' }, { scheduleId: null, visitor: {} }, { venue: [], settings: 3 }],
  ...[
    { pass: null },
    { pass: {} },
    { pass: { token: 'a'.repeat(600) } },
    { pass: { token: 7, visitor: 'v' }, seatIds: 'A' },
  ],
  ...[
    { requestId: 'a', visitor: 'b' },
    { requestId: [], event: {} },
    { reservationId: '../..' },
    { ticket: 3 },
    { token: {} },
  ],
]

/** What a method makes of it: an error without a code, or nothing that can be held against it. */
async function crash(method: (params: unknown) => unknown, params: unknown): Promise<string | null> {
  try {
    const answer = method(params)
    const iterable = answer as Partial<AsyncIterable<unknown>> | null | undefined
    await (iterable?.[Symbol.asyncIterator]?.().next() ?? answer)
    return null
  } catch (error) {
    return isTicketingError(error) ? null : String(error)
  }
}

test('whatever is passed to whichever method of the engine, only typed errors come out', async () => {
  await using engine = await createBookingEngine({ ...inMemoryAdapters(), tokenSecrets })
  const { schedules, sessions, waitingRoom, seating, payments, bookings, notices, deadLetters } = engine
  const rooms = { schedules, sessions, waitingRoom, seating, payments, bookings, notices, deadLetters }
  const crashes: string[] = []
  let calls = 0
  for (const [room, service] of Object.entries(rooms)) {
    for (const [name, method] of Object.entries(service)) {
      for (const params of junk) {
        calls++
        const error = await crash(method as (params: unknown) => unknown, params)
        if (error !== null) crashes.push(`${room}.${name}(${typeof params}): ${error}`)
      }
    }
  }
  expect(crashes).toEqual([])
  expect(calls).toBeGreaterThan(500)
})
