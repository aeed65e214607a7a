import { describe, expect, test } from 'vitest'
import { importVenue } from '../catalogue/import-venue.ts'
import { settle } from '../shared/contract.ts'
import type { Hold } from './hold.ts'
import { ballpark, capacity, ids, scheduleId } from './seating.test-support.ts'
import { claims, holdRows, seatKey } from './seating-tables.memory.ts'

type House = Awaited<ReturnType<typeof ballpark>>

async function held(house: House, visitor: string, seatIds: readonly string[]): Promise<Hold> {
  const answer = await house.seating.select({ pass: house.pass(visitor), seatIds })
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return answer.value
}

const stateOf = async ({ seating }: House, seatId: string) => {
  const [section = ''] = seatId.split('-')
  const { rows } = await seating.section({ scheduleId, section })
  return rows.flatMap((row) => row.seats).find((seat) => seat.seatId === seatId)?.state
}

const balanced = async ({ seating }: House, of = capacity) => {
  const { capacity, available, reserved, completed, blocked } = await seating.stats({ scheduleId })
  expect(capacity).toBe(of)
  expect(available + reserved + completed + blocked).toBe(of)
}

describe('selecting', () => {
  test('a hold names its seats with their prices', async () => {
    const house = await ballpark()
    const hold = await held(house, 'ann', ['B-1-4', 'A-1-2'])
    expect(hold.seats).toEqual([
      { seatId: 'A-1-2', section: 'A', row: '1', label: '2', grade: 'blue', price: { value: 20_000, currency: 'KRW' } },
      { seatId: 'B-1-4', section: 'B', row: '1', label: '4', grade: 'red', price: { value: 30_000, currency: 'KRW' } },
    ])
    expect(hold.amount).toEqual({ value: 50_000, currency: 'KRW' })
    expect(hold).toMatchObject({
      scheduleId,
      holder: 'ann',
      expiresAt: house.runtime.now() + 300_000,
      requestId: null,
      repeated: false,
    })
    expect(await stateOf(house, 'A-1-2')).toBe('RESERVED')
    expect(await house.seating.holds({ pass: house.pass('ann') })).toEqual(
      [{ ...hold, repeated: undefined }].map(({ repeated: _, ...rest }) => rest),
    )
    await balanced(house)
  })

  test('H1: a taken seat is named and the others stay untouched', async () => {
    const house = await ballpark()
    await held(house, 'bob', ids('A', 1, 2))
    const answer = await house.seating.select({ pass: house.pass('ann'), seatIds: ids('A', 1, 1, 2, 3) })
    expect(answer).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['A-1-2'] })
    expect([await stateOf(house, 'A-1-1'), await stateOf(house, 'A-1-3')]).toEqual(['AVAILABLE', 'AVAILABLE'])
  })

  test('H2: a seat named twice is refused', async () => {
    const { seating, pass } = await ballpark()
    const answer = await seating.select({ pass: pass('ann'), seatIds: ['A-1-1', 'A-1-2', 'A-1-1'] })
    expect(answer).toEqual({ ok: false, reason: 'SEAT_DUPLICATE', seatIds: ['A-1-1'] })
  })

  test('H3: 500 parallel holds of one seat in four processes: exactly one wins', async () => {
    const { processes, pass } = await ballpark({ processes: 4 })
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        processes[i % 4]!.seating.select({ pass: pass(`v-${i}`), seatIds: ['A-1-5'] }),
      ),
    )
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(answers.filter((answer) => !answer.ok && answer.reason === 'SEAT_TAKEN')).toHaveLength(499)
  })

  test('H4: {1,2}, {2,3}, {3,1} in parallel', async () => {
    const { seating, pass } = await ballpark()
    const wanted = [ids('A', 1, 1, 2), ids('A', 1, 2, 3), ids('A', 1, 3, 1)]
    const answers = await Promise.all(wanted.map((seatIds, i) => seating.select({ pass: pass(`v-${i}`), seatIds })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  })

  test('H5: the same seats again, in any order, are the same hold with the same deadline', async () => {
    const house = await ballpark()
    const hold = await held(house, 'ann', ids('A', 1, 1, 2))
    house.runtime.advance(5_000)
    const again = await house.seating.select({ pass: house.pass('ann'), seatIds: ids('A', 1, 2, 1) })
    expect(again).toEqual({ ok: true, value: { ...hold, repeated: true } })
  })

  test('H9: the limit counts held, paying and sold seats', async () => {
    const house = await ballpark()
    const { seating, desk, pass } = house
    const hold = await held(house, 'ann', ids('A', 1, 1, 2, 3))
    const two = { pass: pass('ann'), seatIds: ids('A', 1, 5, 6) }
    const refusal = { ok: false, reason: 'HOLD_LIMIT', limit: 4, owned: 3 }
    expect(await seating.select(two)).toEqual(refusal)
    expect(await seating.autoAssign({ pass: pass('ann'), quantity: 2 })).toEqual(refusal)
    await desk.pin({ ...hold, requestId: 'pay-1', leaseMs: 30_000 })
    expect(await seating.select(two)).toEqual(refusal)
    const mine = { scheduleId, parts: hold.parts, requestId: 'pay-1' }
    await desk.project({ ...mine, state: 'COMPLETED', holder: 'ann', recordVersion: 5 })
    expect(await seating.select(two)).toEqual(refusal)
    await desk.project({ ...mine, state: 'AVAILABLE', recordVersion: 6 })
    expect((await seating.select(two)).ok).toBe(true)
    await balanced(house)
  })

  test('H14: a swap happens whole or not at all', async () => {
    const house = await ballpark()
    const { seating, pass } = house
    await held(house, 'bob', ids('A', 1, 4))
    const { holdId, version } = await held(house, 'ann', ids('A', 1, 1, 2, 3))
    const swap = (seatIds: readonly string[], replaces = { holdId, version }) =>
      seating.select({ pass: pass('ann'), seatIds, replaces })
    expect(await swap(ids('A', 1, 3, 4))).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['A-1-4'] })
    expect(await seating.holds({ pass: pass('ann') })).toMatchObject([{ holdId }])
    const swapped = await swap(ids('A', 1, 3, 5, 6, 7))
    expect(swapped.ok).toBe(true)
    expect(await stateOf(house, 'A-1-1')).toBe('AVAILABLE')
    expect(await swap(ids('A', 1, 8))).toEqual({ ok: false, reason: 'HOLD_EXPIRED' })
  })

  test('H15: over several sections it fails whole', async () => {
    const house = await ballpark()
    await held(house, 'bob', ids('B', 1, 5))
    const answer = await house.seating.select({ pass: house.pass('ann'), seatIds: ['A-1-1', 'B-1-5', 'A-2-1'] })
    expect(answer).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['B-1-5'] })
    expect(await house.seating.stats({ scheduleId })).toMatchObject({ reserved: 1 })
  })

  test('A19: no seats and too many are an invalid quantity, unknown ones are named', async () => {
    const { seating, pass } = await ballpark()
    const select = (seatIds: readonly string[]) => seating.select({ pass: pass('ann'), seatIds })
    expect(await select([])).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 4 })
    expect(await select(ids('A', 1, 1, 2, 3, 4, 5))).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 4 })
    expect(await select(['A-1-1', 'A-9-1', 'E-E-1'])).toEqual({
      ok: false,
      reason: 'SEAT_UNKNOWN',
      seatIds: ['A-9-1', 'E-E-1'],
    })
    expect(await select(['B-1-10'])).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['B-1-10'] })
    expect(await seating.stats({ scheduleId })).toMatchObject({ reserved: 0, blocked: 1 })
  })

  test('A27: channel seats are walls for the public and seats for their holder', async () => {
    const { seating, pass } = await ballpark()
    const seatIds = ['B-1-9']
    expect(await seating.select({ pass: pass('ann'), seatIds })).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds })
    expect((await seating.select({ pass: pass('ann'), seatIds, channels: ['sponsor'] })).ok).toBe(true)
  })

  test('A33: part of a table is not sold, the whole table is', async () => {
    const { seating, pass } = await ballpark()
    expect(await seating.select({ pass: pass('ann'), seatIds: ids('T', 1, 1, 2, 3) })).toEqual({
      ok: false,
      reason: 'QUANTITY_INVALID',
      limit: 4,
    })
    expect((await seating.select({ pass: pass('ann'), seatIds: ids('T', 1, 1, 2, 3, 4) })).ok).toBe(true)
    const whole = await seating.autoAssign({ pass: pass('bob'), quantity: 3, section: 'T' })
    expect(whole.ok && whole.value.seats.map(({ seatId }) => seatId)).toEqual(ids('T', 2, 1, 2, 3, 4))
  })
})

describe('A33: a table with a seat that the venue blocks', () => {
  const seats = [1, 2, 3, 4, 5].map((n) => ({ label: String(n), position: n, ...(n === 3 && { blocked: true }) }))
  const venue = importVenue({
    ...{ venueId: 'v-2', name: 'tables', currency: 'KRW', grades: [{ id: 'red', label: 'Red', price: 30_000 }] },
    sections: [{ id: 'T', kind: 'table', grade: 'red', rows: [{ id: '1', label: '1', seats }] }],
  })
  const open = async () => {
    const { seating, pass } = await ballpark({ settings: { maxSeatsPerVisitor: 8 }, venue })
    return {
      seating,
      block: (seatId: string, blocked: boolean) => seating.block({ scheduleId, seatIds: [seatId], blocked }),
      select: (...picked: number[]) => seating.select({ pass: pass('ann'), seatIds: ids('T', 1, ...picked) }),
      assign: async (quantity: number) => {
        const given = await seating.autoAssign({ pass: pass('bob'), quantity })
        await seating.releaseAll({ scheduleId, visitor: 'bob' })
        return given.ok ? given.value.seats.map(({ seatId }) => seatId) : given
      },
    }
  }

  test('is sold without it, by hand as automatically', async () => {
    const { select, assign } = await open()
    expect(await assign(4)).toEqual(ids('T', 1, 1, 2, 4, 5))
    expect(await assign(5)).toMatchObject({ reason: 'SEATS_UNAVAILABLE', largestFit: 4 })
    for (const part of [[1], [1, 2], [2, 4, 5], [1, 2, 3]])
      expect(await select(...part)).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 4 })
    expect(await select(1, 2, 3, 4, 5)).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['T-1-3'] })
    expect((await select(1, 2, 4, 5)).ok).toBe(true)
  })

  test('is sold with it once an operator has opened it', async () => {
    const { block, select, assign } = await open()
    await block('T-1-3', false)
    expect(await assign(5)).toEqual(ids('T', 1, 1, 2, 3, 4, 5))
    expect(await select(1, 2, 4, 5)).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 5 })
    expect((await select(1, 2, 3, 4, 5)).ok).toBe(true)
  })

  test('is not sold while an operator blocks another seat of it', async () => {
    const { block, select, assign } = await open()
    await block('T-1-1', true)
    expect(await assign(4)).toMatchObject({ reason: 'SEATS_UNAVAILABLE' })
    expect(await select(2, 4, 5)).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 4 })
    expect(await select(1, 2, 4, 5)).toEqual({ ok: false, reason: 'SEAT_TAKEN', seatIds: ['T-1-1'] })
  })
})

test('a blocked seat that an operator opens is given like any other', async () => {
  const { seating, pass } = await ballpark({ settings: { maxSeatsPerVisitor: 16 } })
  const ask = { quantity: 5, section: 'B', together: 'adjacent', accessible: 0 } as const
  const fill = await seating.select({ pass: pass('ann'), seatIds: ids('B', 1, 1, 2, 3, 4, 5) })
  expect(fill.ok).toBe(true)
  expect((await seating.autoAssign({ pass: pass('bob'), ...ask, channels: ['sponsor'] })).ok).toBe(false)
  await seating.block({ scheduleId, seatIds: ['B-1-10'], blocked: false })
  const given = await seating.autoAssign({ pass: pass('bob'), ...ask, channels: ['sponsor'] })
  expect(given.ok && given.value.seats.map(({ seatId }) => seatId)).toEqual(ids('B', 1, 6, 7, 8, 9, 10))
})

test('A33: a table with more seats than the limit is passed over', async () => {
  const { seating, pass } = await ballpark({ settings: { maxSeatsPerVisitor: 2 } })
  for (let i = 0; i < 3; i++) {
    const answer = await seating.autoAssign({ pass: pass(`v-${i}`), quantity: 2, grade: 'red' })
    expect(answer.ok && answer.value.parts.map(({ section }) => section)).toEqual(['B'])
  }
  const table = await seating.autoAssign({ pass: pass('ann'), quantity: 2, section: 'T' })
  expect(table).toMatchObject({ ok: false, reason: 'SEATS_UNAVAILABLE' })
})

describe('operations', () => {
  test('H12: a lost answer, asked for again, is the same hold', async () => {
    const { seating, pass, runtime } = await ballpark()
    const ask = { pass: pass('ann'), seatIds: ids('A', 1, 1), operationId: 'op-1' }
    const first = await seating.select(ask)
    runtime.advance(1_000)
    expect(await seating.select(ask)).toEqual({ ...first, value: { ...(first.ok && first.value), repeated: true } })
    await expect(seating.select({ ...ask, seatIds: ids('A', 1, 2) })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
    expect((await seating.select({ ...ask, pass: pass('bob'), seatIds: ids('A', 1, 2) })).ok).toBe(true)
  })

  test('H12: an assignment repeated answers the first seats and allocation, also when the house is full', async () => {
    const { seating, pass } = await ballpark()
    const ask = { pass: pass('ann'), quantity: 2, section: 'E', operationId: 'op-1' }
    const first = await seating.autoAssign(ask)
    expect(first).toMatchObject({ ok: true, value: { repeated: false } })
    const again = { ok: true, value: { ...(first.ok && first.value), repeated: true } }
    expect(await seating.autoAssign(ask)).toEqual(again)
    expect(await seating.autoAssign({ pass: pass('bob'), quantity: 3, section: 'E' })).toMatchObject({ ok: true })
    expect(await seating.autoAssign(ask)).toEqual(again)
    expect(await seating.stats({ scheduleId })).toMatchObject({ capacity: capacity + 3 })
    expect(await seating.autoAssign({ ...ask, quantity: 1 }).catch(({ code }) => code)).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('H12: the store’s reply is lost: the books repeat the call', async () => {
    let lost = 0
    const { seating, pass } = await ballpark({
      faults: {
        inventory: (port) => ({
          ...port,
          commit: async (p) => {
            const answer = await port.commit(p)
            if (lost++ === 0) throw new Error('connection reset')
            return answer
          },
        }),
      },
    })
    const answer = await seating.select({ pass: pass('ann'), seatIds: ids('A', 1, 1, 2) })
    expect(answer).toMatchObject({ ok: true, value: { repeated: false } })
    expect(await seating.stats({ scheduleId })).toMatchObject({ reserved: 2 })
  })

  test('I18: a store that does not answer sells nothing', async () => {
    let down = false
    const { seating, pass } = await ballpark({
      faults: {
        inventory: (port) => ({
          ...port,
          commit: (p) => (down ? Promise.reject(new Error('down')) : port.commit(p)),
          read: (p) => (down ? Promise.reject(new Error('down')) : port.read(p)),
        }),
      },
    })
    await seating.stats({ scheduleId })
    down = true
    await expect(seating.select({ pass: pass('ann'), seatIds: ids('A', 1, 1) })).rejects.toMatchObject({
      code: 'BUSY',
      retryInMs: 1_000,
    })
    await expect(seating.autoAssign({ pass: pass('ann'), quantity: 1 })).rejects.toMatchObject({ code: 'BUSY' })
    down = false
    expect(await seating.stats({ scheduleId })).toMatchObject({ reserved: 0 })
    expect((await seating.select({ pass: pass('ann'), seatIds: ids('A', 1, 1) })).ok).toBe(true)
  })
})

describe('holds', () => {
  test('H6: someone else’s hold is not found, and stays', async () => {
    const house = await ballpark()
    const { seating, pass } = house
    const { holdId } = await held(house, 'ann', ids('A', 1, 1))
    const bob = { pass: pass('bob'), holdId }
    for (const attempt of [() => seating.hold(bob), () => seating.release(bob), () => seating.extend(bob)])
      await expect(attempt()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await seating.hold({ pass: pass('ann'), holdId })).toMatchObject({ holdId })
    expect(await seating.holds({ pass: pass('bob') })).toEqual([])
  })

  test('a release frees the seats and may be repeated; of an unknown hold it is not found', async () => {
    const house = await ballpark()
    const { holdId } = await held(house, 'ann', ids('A', 1, 1))
    const ask = { pass: house.pass('ann'), holdId }
    await house.seating.release(ask)
    await house.seating.release(ask)
    expect(await stateOf(house, 'A-1-1')).toBe('AVAILABLE')
    await expect(house.seating.release({ ...ask, holdId: 'unknown' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(house.seating.hold(ask)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('H7 H8: an extension moves the deadline; after it, it is refused', async () => {
    const house = await ballpark()
    const { seating, runtime } = house
    const { holdId } = await held(house, 'ann', ids('A', 1, 1))
    const ask = { pass: house.pass('ann'), holdId }
    runtime.advance(100_000)
    expect(await seating.extend(ask)).toMatchObject({ ok: true, value: { expiresAt: runtime.now() + 300_000 } })
    runtime.advance(300_000)
    expect(await seating.extend(ask)).toEqual({ ok: false, reason: 'HOLD_EXPIRED' })
    expect(await stateOf(house, 'A-1-1')).toBe('AVAILABLE')
  })

  test('H8 I15: an extension asked for again by its key gives its first answer, also after the hold has ended', async () => {
    const house = await ballpark()
    const { holdId } = await held(house, 'ann', ids('A', 1, 1))
    const ask = { pass: house.pass('ann'), holdId, operationId: 'extend-1' }
    house.runtime.advance(100_000)
    const first = await house.seating.extend(ask)
    house.runtime.advance(300_000)
    expect(await house.seating.extend(ask)).toEqual(first)
    expect(await house.seating.extend({ ...ask, operationId: 'extend-2' })).toEqual({
      ok: false,
      reason: 'HOLD_EXPIRED',
    })
    expect(await stateOf(house, 'A-1-1')).toBe('AVAILABLE')
  })

  test('H7: at the cap the hold is answered unchanged', async () => {
    const house = await ballpark({ settings: { holdTtlSeconds: 100 } })
    const { holdId, createdAt } = await held(house, 'ann', ids('A', 1, 1))
    const ask = { pass: house.pass('ann'), holdId }
    const deadlines: number[] = []
    for (let i = 0; i < 4; i++) {
      house.runtime.advance(80_000)
      const answer = await house.seating.extend(ask)
      if (answer.ok) deadlines.push(answer.value.expiresAt - createdAt)
    }
    expect(deadlines).toEqual([180_000, 260_000, 300_000])
  })

  test('H10: an old holder’s release does nothing to the next holder', async () => {
    const house = await ballpark()
    const { holdId } = await held(house, 'ann', ids('A', 1, 1))
    house.runtime.advance(300_000)
    const next = await held(house, 'bob', ids('A', 1, 1))
    await expect(house.seating.release({ pass: house.pass('ann'), holdId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await house.seating.hold({ pass: house.pass('bob'), holdId: next.holdId })).toMatchObject({ holder: 'bob' })
  })

  test('five expiries in a row cool a visitor down', async () => {
    const house = await ballpark({ settings: { holdTtlSeconds: 1 } })
    for (let i = 0; i < 5; i++) {
      await held(house, 'ann', ids('A', 1, 1))
      house.runtime.advance(1_000)
    }
    const refusal = { ok: false, reason: 'HOLD_COOLDOWN', retryInMs: 60_000 }
    expect(await house.seating.select({ pass: house.pass('ann'), seatIds: ids('A', 1, 1) })).toEqual(refusal)
    expect(await house.seating.autoAssign({ pass: house.pass('ann'), quantity: 1 })).toEqual(refusal)
    house.runtime.advance(60_000)
    await held(house, 'ann', ids('A', 1, 1))
  })

  test('leaving the line releases what is not being paid', async () => {
    const house = await ballpark()
    await held(house, 'ann', ids('A', 1, 1))
    const paying = await held(house, 'ann', ids('A', 1, 2))
    await house.desk.pin({ ...paying, requestId: 'pay-1', leaseMs: 1_000 })
    await house.seating.releaseAll({ scheduleId, visitor: 'ann' })
    expect([await stateOf(house, 'A-1-1'), await stateOf(house, 'A-1-2')]).toEqual(['AVAILABLE', 'RESERVED'])
    await expect(house.seating.release({ pass: house.pass('ann'), holdId: paying.holdId })).rejects.toMatchObject({
      code: 'PAYMENT_IN_PROGRESS',
      details: { requestId: 'pay-1' },
    })
  })
})

describe('automatic assignment', () => {
  test('adjacent seats first, with its score and, when asked, its reasons', async () => {
    const { seating, pass } = await ballpark()
    const answer = await seating.autoAssign({ pass: pass('ann'), quantity: 3, section: 'A', explain: true })
    expect(answer.ok && answer.value.seats.map(({ seatId }) => seatId)).toEqual(ids('A', 1, 4, 5, 6))
    expect(answer).toMatchObject({
      ok: true,
      value: { repeated: false, allocation: { score: { rung: 1 }, explain: { rung: 1 } } },
    })
    const silent = await seating.autoAssign({ pass: pass('bob'), quantity: 3 })
    expect(silent.ok && 'explain' in silent.value.allocation).toBe(false)
  })

  test('requests of one turn are given different seats in one call', async () => {
    let calls = 0
    const house = await ballpark({
      faults: {
        inventory: (port) => ({
          ...port,
          commit: (p) => {
            calls++
            return port.commit(p)
          },
        }),
      },
    })
    await house.seating.stats({ scheduleId })
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => house.seating.autoAssign({ pass: house.pass(`v-${i}`), quantity: 2 })),
    )
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(calls).toBeLessThanOrEqual(2)
    await balanced(house)
  })

  test('A32: 100 places, 99 sold: two are refused, one is given, never 101 under 200 parallel', async () => {
    const house = await ballpark({ processes: 4 })
    const { processes, pass } = house
    const assign = (i: number, quantity: number) =>
      processes[i % 4]!.seating.autoAssign({ pass: pass(`v-${i}`), quantity, section: 'G' })
    const first = await Promise.all(Array.from({ length: 33 }, (_, i) => assign(i, 3)))
    expect(first.every(({ ok }) => ok)).toBe(true)
    expect(await assign(99, 2)).toEqual({ ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: 1 })
    const rest = await Promise.all(Array.from({ length: 200 }, (_, i) => assign(200 + i, 1)))
    expect(rest.filter(({ ok }) => ok)).toHaveLength(1)
    expect(rest.filter((answer) => !answer.ok && answer.reason === 'SEATS_UNAVAILABLE')).toHaveLength(199)
    await balanced(house)
  })

  test('A34: an elastic section creates seats up to its maximum, and never a label twice', async () => {
    const house = await ballpark({ processes: 2 })
    const { processes, pass, runtime } = house
    const assign = (i: number, quantity: number) =>
      processes[i % 2]!.seating.autoAssign({ pass: pass(`v-${i}`), quantity, section: 'E' })
    expect(await assign(9, 4)).toMatchObject({ ok: true, value: { allocation: { score: { rung: 7 } } } })
    expect(await assign(8, 2)).toEqual({ ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: 1 })
    const [one, two] = await Promise.all([assign(0, 1), assign(1, 1)])
    const given = [one, two].flatMap((answer) => (answer.ok ? answer.value.seats : []))
    expect(given.map(({ seatId }) => seatId)).toEqual(['E-E-3'])
    runtime.advance(300_000)
    const { rows } = await processes[1]!.seating.section({ scheduleId, section: 'E' })
    expect(rows.flatMap((row) => row.seats.map(({ seatId, state }) => `${seatId} ${state}`))).toEqual(
      [...ids('E', 1, 1, 2), 'E-E-1', 'E-E-2', 'E-E-3'].map((seatId) => `${seatId} AVAILABLE`),
    )
    expect((await processes[1]!.seating.select({ pass: pass('x'), seatIds: ['E-E-2'] })).ok).toBe(true)
    await balanced(house, capacity + 3)
  })

  test('A34: a crash between creating and holding leaves seats that others are given', async () => {
    let crash = true
    const house = await ballpark({
      faults: {
        inventory: (port) => ({
          ...port,
          commit: (p) =>
            crash && p.commands.some((command) => command.do === 'grow')
              ? Promise.reject(new Error('crash'))
              : port.commit(p),
        }),
      },
    })
    const ask = { pass: house.pass('ann'), quantity: 4, section: 'E', operationId: 'op-1' }
    await expect(house.seating.autoAssign(ask)).rejects.toMatchObject({ code: 'BUSY' })
    crash = false
    expect(await house.seating.autoAssign(ask)).toMatchObject({ ok: true, value: { seats: [{}, {}, {}, {}] } })
    expect(await house.seating.autoAssign({ pass: house.pass('bob'), quantity: 1, section: 'E' })).toMatchObject({
      ok: true,
    })
    await balanced(house, capacity + 3)
  })

  test('A28: seats whose hold has just expired are given, by a process that saw them taken', async () => {
    const { processes, pass, runtime } = await ballpark({ processes: 2 })
    const ask = { quantity: 2, section: 'E' }
    expect((await processes[0]!.seating.autoAssign({ pass: pass('ann'), quantity: 4, section: 'E' })).ok).toBe(true)
    expect(await processes[1]!.seating.autoAssign({ pass: pass('bob'), ...ask })).toMatchObject({ ok: false })
    runtime.advance(299_999)
    expect(await processes[1]!.seating.autoAssign({ pass: pass('bob'), ...ask })).toMatchObject({ ok: false })
    runtime.advance(1)
    expect(await processes[1]!.seating.autoAssign({ pass: pass('bob'), ...ask })).toMatchObject({ ok: true })
  })

  test('nobody is told "none" because of a seat that another failed to get', async () => {
    const { seating, pass } = await ballpark({ settings: { maxSeatsPerVisitor: 2 } })
    const one = (visitor: string) =>
      seating.autoAssign({ pass: pass(visitor), quantity: 2, section: 'E', together: 'adjacent' })
    expect((await seating.select({ pass: pass('ann'), seatIds: ids('A', 1, 1) })).ok).toBe(true)
    // ann is over her limit, but her choice is on its way when bob asks.
    const [ann, bob] = await Promise.all([one('ann'), one('bob')])
    expect(ann).toMatchObject({ ok: false, reason: 'HOLD_LIMIT' })
    expect(bob.ok).toBe(true)
  })

  test('four processes sell a grade out: every seat once, none left, nobody turned away before', async () => {
    const house = await ballpark({ processes: 4 })
    const seats: string[] = []
    for (let turn = 0; turn < 20; turn++) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => {
          const visitor = house.pass(`v-${turn}-${i}`)
          return house.processes[i % 4]!.seating.autoAssign({ pass: visitor, quantity: 1, grade: 'blue' })
        }),
      )
      for (const answer of answers) {
        if (answer.ok) seats.push(...answer.value.seats.map(({ seatId }) => seatId))
        else expect(answer).toEqual({ ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: 0 })
      }
    }
    expect(seats).toHaveLength(20 + 5 + 100)
    expect(new Set(seats).size).toBe(seats.length)
    for (const { feedLoop } of house.processes) await feedLoop.tick()
    const maps = await Promise.all(house.processes.map(({ seating }) => seating.map({ scheduleId })))
    for (const map of maps) expect(map).toEqual(maps[0])
  })

  test('bad requests change nothing', async () => {
    const { seating, pass } = await ballpark()
    const ask = (more: object) => seating.autoAssign({ pass: pass('ann'), quantity: 1, ...more } as never)
    for (const quantity of [0, -1, 1.5, Number.NaN, 5, 1e9, '2', null])
      expect(await ask({ quantity })).toEqual({ ok: false, reason: 'QUANTITY_INVALID', limit: 4 })
    expect(await ask({ accessible: 2 })).toMatchObject({ reason: 'QUANTITY_INVALID' })
    expect(await ask({ parts: [] })).toMatchObject({ reason: 'QUANTITY_INVALID' })
    expect(await ask({ quantity: undefined, parts: [{ grade: 'blue' }] })).toMatchObject({ reason: 'QUANTITY_INVALID' })
    expect(await ask({ quantity: 3, parts: [{ grade: 'blue', quantity: 2 }] })).toMatchObject({
      reason: 'QUANTITY_INVALID',
    })
    for (const more of [
      { together: 'x' },
      { section: 7 },
      { channels: 'x' },
      { parts: [null] },
      { parts: [{ quantity: 1 }] },
      { operationId: '' },
    ])
      await expect(ask(more)).rejects.toMatchObject({ code: 'INVALID' })
    for (const bad of [undefined, null, 7]) {
      for (const method of ['select', 'autoAssign', 'hold', 'holds', 'release', 'extend'] as const)
        await expect(seating[method](bad as never)).rejects.toMatchObject({ code: 'PASS_REQUIRED' })
      for (const method of ['releaseAll', 'sections', 'section', 'map', 'stats', 'block'] as const)
        await expect(seating[method](bad as never)).rejects.toMatchObject({ code: 'INVALID' })
      expect(() => seating.watch(bad as never)).toThrow('scheduleId')
    }
    await expect(ask({ explain: 'yes' })).rejects.toMatchObject({ code: 'INVALID' })
    for (const more of [{ section: 'Z' }, { preferredSection: 'Z' }, { grade: 'gold' }])
      await expect(ask(more)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    for (const bad of [undefined, null, 7, {}, { scheduleId }])
      await expect(seating.autoAssign({ pass: bad as never, quantity: 1 })).rejects.toMatchObject({
        code: 'PASS_REQUIRED',
      })
    for (const seatIds of [undefined, 'A-1-1', [7], ['../x'], Array(2_000).fill('A-1-1')])
      await expect(seating.select({ pass: pass('ann'), seatIds: seatIds as never })).rejects.toMatchObject({
        code: 'INVALID',
      })
    await expect(seating.map({ scheduleId, since: Number.NaN })).rejects.toMatchObject({ code: 'INVALID' })
    await expect(seating.stats({ scheduleId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(seating.section({ scheduleId, section: 'Z' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await seating.stats({ scheduleId })).toMatchObject({ reserved: 0 })
  })
})

describe('the sale', () => {
  test('a pass that is over takes nothing, a sale that has ended neither', async () => {
    const house = await ballpark()
    const { seating, pass, over, schedules } = house
    const kept = await held(house, 'ann', ids('A', 1, 1))
    const asked = { pass: pass('eve'), seatIds: ids('A', 1, 9), operationId: 'op-1' }
    const assigned = { pass: pass('eve'), quantity: 2, operationId: 'op-2' }
    const first = [await seating.select(asked), await seating.autoAssign(assigned)]
    over.add('bob')
    await expect(seating.select({ pass: pass('bob'), seatIds: ids('A', 1, 2) })).rejects.toMatchObject({
      code: 'PASS_EXPIRED',
    })
    await expect(seating.holds({ pass: pass('bob') })).rejects.toMatchObject({ code: 'PASS_EXPIRED' })
    const ended = pass('cat', { expiresAt: house.runtime.now() })
    await expect(seating.select({ pass: ended, seatIds: ids('A', 1, 2) })).rejects.toMatchObject({
      code: 'PASS_EXPIRED',
    })
    await schedules.setState({ scheduleId, state: 'draining' })
    expect((await seating.select({ pass: pass('dan'), seatIds: ids('A', 1, 3) })).ok).toBe(true)
    await schedules.setState({ scheduleId, state: 'ended' })
    expect(await seating.select({ pass: pass('dan'), seatIds: ids('A', 1, 2) })).toEqual({
      ok: false,
      reason: 'SALE_CLOSED',
    })
    expect(await seating.autoAssign({ pass: pass('dan'), quantity: 1 })).toEqual({ ok: false, reason: 'SALE_CLOSED' })
    const again = [await seating.select(asked), await seating.autoAssign(assigned)]
    const heldIds = (answers: typeof first) => answers.map((answer) => answer.ok && answer.value.holdId)
    expect(heldIds(again)).toEqual(heldIds(first))
    await seating.release({ pass: pass('ann'), holdId: kept.holdId })
  })

  test('a reset line loses its holds, not its payments', async () => {
    const house = await ballpark()
    await house.expiry.tick()
    await held(house, 'ann', ids('A', 1, 1))
    const paying = await held(house, 'bob', ids('A', 1, 2))
    await house.desk.pin({ ...paying, requestId: 'pay-1', leaseMs: 1_000 })
    await house.schedules.reset({ scheduleId })
    house.runtime.advance(500)
    await house.expiry.tick()
    expect([await stateOf(house, 'A-1-1'), await stateOf(house, 'A-1-2')]).toEqual(['AVAILABLE', 'RESERVED'])
  })

  test('blocked seats are not for sale; held and sold ones cannot be blocked', async () => {
    const house = await ballpark()
    const { seating, record } = house
    const block = (seatIds: readonly string[], blocked: boolean) => seating.block({ scheduleId, seatIds, blocked })
    await held(house, 'ann', ids('A', 1, 1))
    await expect(block(ids('A', 1, 1, 2), true)).rejects.toMatchObject({
      code: 'SEAT_OWNED',
      details: { seatIds: ['A-1-1'] },
    })
    const claim = {
      scheduleId,
      section: 'A',
      seat: 4,
      requestId: 'p',
      holder: 'x',
      state: 'PAYING',
      recordVersion: 1,
    } as const
    record.table(claims).set(seatKey(scheduleId, 'A', 4), claim)
    await expect(block(ids('A', 1, 5), true)).rejects.toMatchObject({
      code: 'SEAT_OWNED',
      details: { seatIds: ['A-1-5'] },
    })
    await expect(block(['A-1-99'], true)).rejects.toMatchObject({
      code: 'SEAT_UNKNOWN',
      details: { seatIds: ['A-1-99'] },
    })
    for (const seatIds of [[], ['A-1-2', 'A-1-2'], 'A-1-2'])
      await expect(block(seatIds as never, true)).rejects.toMatchObject({ code: 'INVALID' })
    await block(ids('A', 1, 2, 3), true)
    await block(ids('A', 1, 2, 3), true)
    expect(await stateOf(house, 'A-1-2')).toBe('BLOCKED')
    expect(await seating.select({ pass: house.pass('bob'), seatIds: ids('A', 1, 2) })).toMatchObject({
      reason: 'SEAT_TAKEN',
    })
    await block(['A-1-3', 'B-1-10'], false)
    expect([await stateOf(house, 'A-1-3'), await stateOf(house, 'B-1-10')]).toEqual(['AVAILABLE', 'AVAILABLE'])
    await balanced(house)
  })
})

describe('the map', () => {
  test('a map since an earlier one is a delta; watching tells each change', async () => {
    const house = await ballpark()
    const { seating } = house
    const before = await seating.map({ scheduleId })
    const stop = new AbortController()
    const seen: unknown[] = []
    const watching = (async () => {
      for await (const news of seating.watch({ scheduleId, since: before.version, signal: stop.signal }))
        if (news.is === 'delta')
          seen.push(...news.changes.map(({ section, seat, code, origin }) => [section, seat, code, origin]))
    })()
    await held(house, 'ann', ids('A', 1, 1))
    house.runtime.advance(300_000)
    await house.expiry.tick()
    await settle()
    stop.abort()
    await watching
    const expected = [
      ['A', 0, 1, 'USER'],
      ['A', 0, 0, 'EXPIRY'],
    ]
    expect(seen).toEqual(expected)
    const delta = await seating.map({ scheduleId, since: before.version })
    expect(
      delta.is === 'delta' && delta.changes.map(({ section, seat, code, origin }) => [section, seat, code, origin]),
    ).toEqual(expected)
    expect((await seating.map({ scheduleId, since: 1 })).is).toBe('snapshot')
    expect((await seating.sections({ scheduleId })).sections.find(({ section }) => section === 'A')).toEqual({
      section: 'A',
      capacity: 20,
      available: 20,
    })
  })

  test('news between processes is heard; what was lost is read', async () => {
    const house = await ballpark({ processes: 2 })
    const [one, two] = house.processes
    await two!.seating.map({ scheduleId })
    await held(house, 'ann', ids('A', 1, 1))
    await settle()
    const [book] = two!.books.opened()
    expect(book!.copy.section('A')!.codes[0]! & 3).toBe(1)
    house.feed.lose({ channel: scheduleId })
    await held(house, 'ann', ids('A', 1, 2))
    house.feed.lose({ channel: scheduleId })
    await two!.feedLoop.tick()
    expect(await two!.seating.map({ scheduleId })).toEqual(await one!.seating.map({ scheduleId }))
  })
})

describe('what booking asks', () => {
  test('a pin is for the live hold of its holder and version', async () => {
    const house = await ballpark()
    const { desk } = house
    const hold = await held(house, 'ann', ids('A', 1, 1))
    const { repeated: _, ...plain } = hold as Hold & { repeated: boolean }
    const ask = {
      scheduleId,
      holdId: hold.holdId,
      version: hold.version,
      holder: 'ann',
      requestId: 'pay-1',
      leaseMs: 1_000,
    }
    expect(await desk.find({ scheduleId, holdId: hold.holdId })).toEqual(plain)
    expect(await desk.pin({ ...ask, holder: 'bob' })).toEqual({ is: 'stale' })
    expect(await desk.pin({ ...ask, version: hold.version - 1 })).toEqual({ is: 'stale' })
    const pinned = { is: 'pinned', hold: { ...plain, requestId: 'pay-1' } }
    expect(await desk.pin(ask)).toEqual(pinned)
    expect(await desk.pin(ask)).toEqual(pinned)
    expect(await desk.pin({ ...ask, requestId: 'pay-2' })).toEqual({ is: 'paying', requestId: 'pay-1' })
    expect(await desk.owners({ scheduleId })).toEqual([
      { section: 'A', seat: 0, state: 'PAYING', requestId: 'pay-1', recordVersion: null },
    ])
    await desk.unpin({ scheduleId, requestId: 'pay-1' })
    expect(await desk.find({ scheduleId, holdId: hold.holdId })).toBeNull()
    expect(await stateOf(house, 'A-1-1')).toBe('AVAILABLE')
  })

  test('pins whose lease is over are handed to booking, and only those', async () => {
    const house = await ballpark()
    for (const [i, seat] of ids('A', 1, 1, 2).entries()) {
      const hold = await held(house, `v-${i}`, [seat])
      await house.desk.pin({ ...hold, requestId: `pay-${i}`, leaseMs: 1_000 })
    }
    const settled = {
      scheduleId,
      parts: [{ section: 'A', seats: [1] }],
      requestId: 'pay-1',
      holder: 'v-1',
      recordVersion: 1,
    }
    await house.desk.project({ ...settled, state: 'PAYING' })
    house.runtime.advance(1_000)
    await house.expiry.tick()
    expect(house.stale).toEqual(['pay-0'])
  })
})

describe('H13: the inventory is lost', () => {
  const claim = (seat: number, state: 'PAYING' | 'COMPLETED') =>
    ({ scheduleId, section: 'A', seat, requestId: `pay-${seat}`, holder: 'bob', state, recordVersion: seat }) as const

  test('it is rebuilt from the record: same availability, no claimed seat becomes free', async () => {
    const house = await ballpark({ processes: 2 })
    const { seating, record, store } = house
    const hold = await held(house, 'ann', ids('A', 1, 1, 2))
    const released = await held(house, 'ann', ids('A', 1, 3))
    await seating.release({ pass: house.pass('ann'), holdId: released.holdId })
    for (const [seat, state] of [
      [5, 'PAYING'],
      [6, 'COMPLETED'],
    ] as const) {
      const parts = [{ section: 'A', seats: [seat] }]
      record.table(claims).set(seatKey(scheduleId, 'A', seat), claim(seat, state))
      await house.desk.project({
        scheduleId,
        parts,
        requestId: `pay-${seat}`,
        state,
        holder: 'bob',
        recordVersion: seat,
      })
    }
    await seating.block({ scheduleId, seatIds: ids('A', 2, 9), blocked: true })
    await settle()
    const before = await seating.map({ scheduleId })
    const codes = (map: typeof before) =>
      map.is === 'snapshot' && map.sections.map(({ section, codes }) => [section, codes])
    store.lose()
    const maps = []
    for (const { seating, feedLoop } of house.processes) {
      await feedLoop.tick()
      maps.push(await seating.map({ scheduleId }))
    }
    for (const map of maps) {
      expect(codes(map)).toEqual(codes(before))
      expect(Math.floor(map.version / 2 ** 32)).toBe(Math.floor(before.version / 2 ** 32) + 1)
    }
    expect((await seating.map({ scheduleId, since: before.version })).is).toBe('snapshot')
    expect(await seating.hold({ pass: house.pass('ann'), holdId: hold.holdId })).toMatchObject({
      version: hold.version,
    })
    await balanced(house)
  })

  test('what is written behind never holds up an answer, and is written before closing', async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const house = await ballpark({
      faults: { source: (port) => ({ ...port, saveHolds: (p) => gate.then(() => port.saveHolds(p)) }) },
    })
    const hold = await held(house, 'ann', ids('A', 1, 1))
    expect(house.record.table(holdRows).size).toBe(0)
    const closing = house.books.close()
    open()
    await closing
    expect(house.record.table(holdRows).get(hold.holdId)).toMatchObject({ version: hold.version })
  })

  test('two processes that find it empty at once load it once, under one incarnation', async () => {
    let installed = 0
    const house = await ballpark({
      processes: 2,
      faults: {
        inventory: (port) => ({
          ...port,
          install: async (p) => {
            const replies = await port.install(p)
            installed += replies.filter((reply) => reply === 'installed').length
            return replies
          },
        }),
      },
    })
    const before = installed
    house.store.lose()
    const reading = Promise.all(
      house.processes.map(({ seating }) => seating.select({ pass: house.pass('ann'), seatIds: ids('A', 1, 1) })),
    )
    await house.runtime.elapse(1_000)
    expect((await reading).map((answer) => answer.ok)).toEqual([true, true])
    expect(installed - before).toBe(5)
  })

  test('whatever is asked first, rebuilds it', async () => {
    const house = await ballpark()
    const hold = await held(house, 'ann', ids('A', 1, 1))
    await settle()
    const ask = { pass: house.pass('ann'), holdId: hold.holdId }
    house.store.lose()
    expect(await house.seating.hold(ask)).toMatchObject({ holdId: hold.holdId })
    house.store.lose()
    expect(await house.seating.select({ pass: house.pass('bob'), seatIds: ids('A', 1, 1) })).toMatchObject({
      reason: 'SEAT_TAKEN',
    })
    house.store.lose()
    expect(await house.seating.autoAssign({ pass: house.pass('bob'), quantity: 1 })).toMatchObject({ ok: true })
    house.store.lose()
    await house.seating.release(ask)
    expect(await house.seating.stats({ scheduleId })).toMatchObject({ reserved: 1 })
  })
})
