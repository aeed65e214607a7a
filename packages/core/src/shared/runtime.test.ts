import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { bindCases, manualRuntime, settle } from './contract.ts'
import { systemRuntime } from './runtime.ts'

const sleepers = async (order: number[], deadlines: readonly number[], runtime = manualRuntime()) => {
  for (const ms of deadlines) void runtime.sleep({ ms }).then(() => order.push(ms))
  await settle()
  return runtime
}

test('a manual clock moves only when told', async () => {
  const order: number[] = []
  const runtime = await sleepers(order, [30, 10, 20])
  const start = runtime.now()
  runtime.advance(9)
  await settle()
  expect(order).toEqual([])
  runtime.advance(11)
  await settle()
  expect([order, runtime.now() - start]).toEqual([[10, 20], 20])
  runtime.advance(100)
  await settle()
  expect(order).toEqual([10, 20, 30])
})

test('elapse wakes each sleeper at its own instant, also those that sleep again', async () => {
  const runtime = manualRuntime({ start: 0 })
  const at: number[] = []
  const loop = async () => {
    for (let i = 0; i < 5; i++) {
      await runtime.sleep({ ms: 10 })
      at.push(runtime.now())
    }
  }
  void loop()
  await runtime.elapse(35)
  expect([at, runtime.now()]).toEqual([[10, 20, 30], 35])
  await runtime.elapse(15)
  expect(at).toEqual([10, 20, 30, 40, 50])
})

test('sleepers of one instant wake in the order they lay down', async () => {
  const runtime = manualRuntime()
  const order: string[] = []
  for (const name of ['a', 'b', 'c']) void runtime.sleep({ ms: 10 }).then(() => order.push(name))
  await runtime.elapse(10)
  expect(order).toEqual(['a', 'b', 'c'])
})

test('even a sleep of nothing lets the clock move on, so that elapse ends', async () => {
  const runtime = manualRuntime({ start: 0 })
  let rounds = 0
  const stop = new AbortController()
  const loop = async () => {
    for (const ms of [0, -5, Number.NaN, 0]) {
      await runtime.sleep({ ms, signal: stop.signal })
      rounds++
    }
  }
  const done = loop()
  await runtime.elapse(4)
  await done
  expect([rounds, runtime.now()]).toEqual([4, 4])
})

for (const [name, runtime] of [
  ['manual', manualRuntime()],
  ['system', systemRuntime],
] as const) {
  test(`${name}: an abort ends a sleep at once, and leaves no listener behind`, async () => {
    const stop = new AbortController()
    const sleeping = runtime.sleep({ ms: 60_000, signal: stop.signal })
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
    stop.abort()
    await sleeping
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
    await runtime.sleep({ ms: 60_000, signal: stop.signal })
  })
}

test('a sleep that ends by itself leaves no listener behind', async () => {
  const stop = new AbortController()
  const runtime = manualRuntime()
  const slept = runtime.sleep({ ms: 5, signal: stop.signal })
  runtime.advance(5)
  await slept
  await systemRuntime.sleep({ ms: 1, signal: stop.signal })
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
})

test('a sleep of years does not end at once', async () => {
  const stop = new AbortController()
  let over = false
  const years = systemRuntime.sleep({ ms: 1e12, signal: stop.signal }).then(() => {
    over = true
  })
  await systemRuntime.sleep({ ms: 10 })
  expect(over).toBe(false)
  stop.abort()
  await years
})

test('the system defers to the end of the turn, after its microtasks', async () => {
  const order: string[] = []
  const deferred = new Promise<void>((resolve) =>
    systemRuntime.defer(() => {
      order.push('deferred')
      resolve()
    }),
  )
  await Promise.resolve().then(() => order.push('microtask'))
  await deferred
  expect(order).toEqual(['microtask', 'deferred'])
})

test('a seed decides what a manual runtime draws', () => {
  const draw = (seed: number) => [...manualRuntime({ seed }).random(8)]
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  expect(systemRuntime.random(16)).toHaveLength(16)
})

test('each case of a kit has a subject of its own, closed also when the case fails', async () => {
  const log: string[] = []
  let made = 0
  const cases = bindCases(
    'Kit',
    async () => {
      const id = ++made
      return { id, close: () => void log.push(`close ${id}`) }
    },
    {
      good: async ({ id }) => void log.push(`good ${id}`),
      bad: async () => {
        throw new Error('case failed')
      },
    },
  )
  expect(cases.map(({ name }) => name)).toEqual(['Kit: good', 'Kit: bad'])
  await cases[0]!.run()
  await expect(cases[1]!.run()).rejects.toThrow('case failed')
  expect(log).toEqual(['good 1', 'close 1', 'close 2'])
})
