import { expect, test } from 'vitest'
import { createBatch } from './batch.ts'
import { settle } from './contract.ts'

/** Collects what is deferred, so that a test decides when the turn ends. */
function turns() {
  const deferred: (() => void)[] = []
  return {
    runtime: { defer: (run: () => void) => void deferred.push(run) },
    deferred,
    end: async () => {
      for (const run of deferred.splice(0)) run()
      await settle()
    },
  }
}

const double = async (_key: string, items: readonly number[]) => items.map((item) => item * 2)

test('all items of a turn travel as one call per key, and reply i answers item i', async () => {
  const { runtime, end, deferred } = turns()
  const calls: [string, readonly number[]][] = []
  const add = createBatch<number, number>({
    runtime,
    run: async (key, items) => {
      calls.push([key, items])
      return double(key, items)
    },
  })
  const replies = [add('a', 1), add('b', 2), add('a', 3)]
  expect([calls.length, deferred.length]).toEqual([0, 2])
  await end()
  expect(await Promise.all(replies)).toEqual([2, 4, 6])
  expect(calls).toEqual([
    ['a', [1, 3]],
    ['b', [2]],
  ])
})

test('what is added while a call runs travels with the next one', async () => {
  const { runtime, end } = turns()
  const calls: (readonly number[])[] = []
  let finish = () => {}
  const add = createBatch<number, number>({
    runtime,
    run: (key, items) => {
      calls.push(items)
      return new Promise((resolve) => {
        finish = () => resolve(double(key, items))
      })
    },
  })
  const first = add('a', 1)
  await end()
  const second = add('a', 2)
  finish()
  expect(await first).toBe(2)
  await end()
  finish()
  expect(await second).toBe(4)
  expect(calls).toEqual([[1], [2]])
})

test('a call carries at most 256 items, in their order', async () => {
  const { runtime, end } = turns()
  const sizes: number[] = []
  const add = createBatch<number, number>({
    runtime,
    run: async (key, items) => {
      sizes.push(items.length)
      return double(key, items)
    },
  })
  const replies = Array.from({ length: 600 }, (_, i) => add('a', i))
  await end()
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 600 }, (_, i) => i * 2))
  expect(sizes).toEqual([256, 256, 88])
})

test('a failed call fails the items it carried and no others', async () => {
  const { runtime, end } = turns()
  const down = new Error('down')
  const add = createBatch<number, number>({
    runtime,
    limit: 2,
    run: async (key, items) => {
      if (items.includes(3)) throw down
      return double(key, items)
    },
  })
  const replies = Promise.allSettled([1, 2, 3, 4, 5].map((item) => add('a', item)))
  await end()
  expect((await replies).map((reply) => (reply.status === 'rejected' ? reply.reason : reply.value))).toEqual([
    2,
    4,
    down,
    down,
    10,
  ])
})

test('replies that do not match the items are a fault, never someone else’s reply', async () => {
  for (const wrong of [[], [1], [1, 2, 3], undefined] as unknown as number[][]) {
    const { runtime, end } = turns()
    const add = createBatch<number, number>({ runtime, run: async () => wrong })
    const replies = Promise.allSettled([add('a', 1), add('a', 2)])
    await end()
    expect((await replies).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  }
})

test('a run that throws before it answers a promise fails its items only', async () => {
  const { runtime, end } = turns()
  const add = createBatch<number, number>({
    runtime,
    run: () => {
      throw new Error('at once')
    },
  })
  const reply = expect(add('a', 1)).rejects.toThrow('at once')
  await end()
  await reply
})

test('more than the backlog is BUSY; running items count, and room comes back also after failures', async () => {
  const { runtime, end } = turns()
  let fail = (_: Error) => {}
  const add = createBatch<number, number>({
    runtime,
    backlog: 3,
    run: () =>
      new Promise((_, reject) => {
        fail = reject
      }),
  })
  const running = Promise.allSettled([add('a', 1), add('a', 2), add('a', 3)])
  await expect(add('a', 4)).rejects.toMatchObject({ code: 'BUSY', retryInMs: 1_000 })
  await end()
  await expect(add('b', 5)).rejects.toMatchObject({ code: 'BUSY' })
  fail(new Error('down'))
  await running
  const again = Promise.allSettled([add('a', 6)])
  await end()
  fail(new Error('down'))
  expect(await again).toEqual([{ status: 'rejected', reason: new Error('down') }])
})

test('without options the backlog is 10 000', async () => {
  const { runtime, end } = turns()
  const add = createBatch<number, number>({ runtime, run: double })
  const replies = Array.from({ length: 10_000 }, (_, i) => add(`key-${i % 100}`, i))
  await expect(add('a', 1)).rejects.toMatchObject({ code: 'BUSY' })
  await end()
  expect(await Promise.all(replies)).toHaveLength(10_000)
})
