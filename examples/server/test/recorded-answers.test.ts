import { systemRuntime, TicketingError } from '@b-ticketing/core'
import { createMemoryAnswerStore, createMemoryRecord, inMemoryAdapters } from '@b-ticketing/core/memory'
import type { AnswerStore } from '@b-ticketing/core/ports'
import { describe, expect, test } from 'vitest'
import { createRecordedAnswers } from '../src/http/recorded-answers.ts'
import { HttpProblem } from '../src/problem.ts'
import { admitted, newKey, pay, settled, startServer } from './harness.ts'

const away = async (): Promise<never> => {
  throw new TicketingError('BUSY', 'the record is away')
}

/** Two processes over one record; every run of the work has an answer of its own. */
function twoProcesses(weaken: Partial<AnswerStore> = {}) {
  const answerStore = { ...createMemoryAnswerStore({ record: createMemoryRecord() }), ...weaken }
  const lost: unknown[] = []
  const open = () => createRecordedAnswers({ answerStore, onLost: (error) => void lost.push(error) })
  let runs = 0
  const work = async () => ({ status: 201, headers: { location: '/x' }, body: { run: ++runs, name: '좌석' } })
  return { here: open(), there: open(), work, lost, runs: () => runs }
}

const request = { key: 'key', fingerprint: 'body' }

describe('recorded answers', () => {
  test('the work is done once; the other process gives the first answer, headers included', async () => {
    const { here, there, work, runs } = twoProcesses()
    const first = await here.run({ ...request, work })
    expect(first).toEqual({ status: 201, headers: { location: '/x' }, body: { run: 1, name: '좌석' } })
    expect(await there.run({ ...request, work })).toEqual(first)
    expect(runs()).toBe(1)
  })

  test('another body under the key is refused and not worked on', async () => {
    const { here, there, work, runs } = twoProcesses()
    await here.run({ ...request, work })
    const reused = there.run({ ...request, fingerprint: 'another', work })
    await expect(reused).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    expect(runs()).toBe(1)
  })

  test('a refusal is judged again', async () => {
    const { here, there, work } = twoProcesses()
    const refused = async () => {
      throw new HttpProblem('NOT_FOUND', 'not yet')
    }
    await expect(here.run({ ...request, work: refused })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await there.run({ ...request, work })).toMatchObject({ body: { run: 1 } })
  })

  test('of two that work at once both give the answer that was kept first', async () => {
    const { here, there, work } = twoProcesses()
    const [one, other] = await Promise.all([here.run({ ...request, work }), there.run({ ...request, work })])
    expect(one).toEqual(other)
  })

  test('while the record is away nothing is done', async () => {
    const { here, work, runs } = twoProcesses({ find: away })
    await expect(here.run({ ...request, work })).rejects.toMatchObject({ code: 'BUSY' })
    expect(runs()).toBe(0)
  })

  test('an answer that could not be kept is given, and told of', async () => {
    const { here, work, lost } = twoProcesses({ keep: away })
    expect(await here.run({ ...request, work })).toMatchObject({ status: 201, body: { run: 1 } })
    expect(lost).toMatchObject([{ code: 'BUSY' }])
  })
})

describe('at a server', () => {
  const schedule = { scheduleId: 'game-2', venueId: 'test-park', name: 'Game 2', state: 'open', prices: {} }

  test('I15: what an operator repeats after a restart is answered as the first time', async () => {
    const record = createMemoryRecord()
    const open = () => startServer({ stores: inMemoryAdapters({ runtime: systemRuntime, record }) })
    const [making, pausing] = [newKey(), newKey()]
    const state = '/admin/schedules/game-2/state'
    const before = await open()
    const made = await before.operator().post('/admin/schedules', schedule, making)
    const paused = await before.operator().post(state, { state: 'paused' }, pausing)
    await before.operator().post(state, { state: 'open' })
    await before[Symbol.asyncDispose]()

    await using after = await open()
    const operator = after.operator()
    const madeAgain = await operator.post('/admin/schedules', schedule, making)
    expect([madeAgain.status, madeAgain.body]).toEqual([201, made.body])
    expect((await operator.post('/admin/schedules', schedule, newKey())).status).toBe(409)
    const pausedAgain = await operator.post(state, { state: 'paused' }, pausing)
    expect([pausedAgain.status, pausedAgain.body]).toEqual([200, paused.body])
    expect((await operator.get('/schedules/game-2')).body.saleState).toBe('open')
    const other = await operator.post(state, { state: 'ended' }, pausing)
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
  })

  test('cancelling a payment or a reservation, and every POST of an operator, is recorded; what the crowd does is not', async () => {
    const stores = inMemoryAdapters({ runtime: systemRuntime })
    const kept: unknown[] = []
    const keep: AnswerStore['keep'] = (p) => {
      kept.push(JSON.parse(p.answer).body)
      return stores.answerStore.keep(p)
    }
    await using server = await startServer({ stores: { ...stores, answerStore: { ...stores.answerStore, keep } } })
    const fan = await admitted(server)
    await fan.post('/queue', { scheduleId: 'game-1' }, newKey())
    const declined = await pay(fan, ['A-1-1'], 'tok_decline')
    await settled(fan, declined.requestId)
    const paid = await pay(fan, ['A-1-2'])
    const { reservationId } = (await settled(fan, paid.requestId)).body
    expect(kept).toEqual([])
    const answers = [
      await fan.post(`/payments/${declined.requestId}/cancel`, {}, newKey()),
      await fan.post(`/reservations/${reservationId}/cancel`, {}, newKey()),
      await server.operator().post(`/admin/reservations/${reservationId}/refund`, {}, newKey()),
      await server.operator().post('/admin/schedules/game-1/seats/block', { seatIds: ['A-1-4'] }, newKey()),
    ]
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 200])
    expect(kept).toEqual(answers.map(({ body }) => body))
  })

  test('while answers cannot be looked up an operator’s request is 503 and does nothing; without a key it is done', async () => {
    const stores = inMemoryAdapters({ runtime: systemRuntime })
    await using server = await startServer({
      stores: { ...stores, answerStore: { ...stores.answerStore, find: away } },
    })
    const operator = server.operator()
    const refused = await operator.post('/admin/schedules', schedule, newKey())
    expect([refused.status, refused.body.code]).toEqual([503, 'BUSY'])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await operator.get('/schedules/game-2')).status).toBe(404)
    expect((await operator.post('/admin/schedules', schedule)).status).toBe(201)
  })

  test('an answer that could not be kept is logged; here a repeat still gets it', async () => {
    const stores = inMemoryAdapters({ runtime: systemRuntime })
    await using server = await startServer({
      stores: { ...stores, answerStore: { ...stores.answerStore, keep: away } },
    })
    const key = newKey()
    const made = await server.operator().post('/admin/schedules', schedule, key)
    const again = await server.operator().post('/admin/schedules', schedule, key)
    expect([made.status, again.status, again.body]).toEqual([201, 201, made.body])
    expect(server.lines.filter((line) => line.includes('an answer could not be kept'))).toHaveLength(1)
  })
})
