import { expect, test } from 'vitest'
import { manualRuntime, settle } from './contract.ts'
import { type Loop, repeat } from './loop.ts'
import type { Observer } from './observer.ts'
import { silentObserver } from './observer.ts'

function started(loop: Loop, observer: Observer = silentObserver, runtime = manualRuntime()) {
  const stop = new AbortController()
  let over = false
  const done = repeat({ loop, runtime, signal: stop.signal, observer }).then(() => {
    over = true
  })
  return { runtime, stop, done, isOver: () => over }
}

const ticking = (everyMs: number, tick: () => void | Promise<void>): Loop => ({
  name: 'test',
  everyMs,
  tick: async () => tick(),
})

test('ticks at once, then at its pace, until it is stopped', async () => {
  let ticks = 0
  const { runtime, stop, done } = started(ticking(200, () => void ticks++))
  await runtime.elapse(1_000)
  expect(ticks).toBe(6)
  stop.abort()
  await done
  await runtime.elapse(1_000)
  expect(ticks).toBe(6)
})

test('a stop ends the pause at once, and waits for a running tick without another pause', async () => {
  let finish = () => {}
  const loop = ticking(60_000, () => new Promise<void>((resolve) => (finish = resolve)))
  const { stop, done, isOver } = started(loop)
  await settle()
  stop.abort()
  await settle()
  expect(isOver()).toBe(false)
  finish()
  await done
  const sleeping = started(ticking(60_000, () => {}))
  await settle()
  sleeping.stop.abort()
  await sleeping.done
})

test('a loop whose signal has aborted never ticks', async () => {
  let ticks = 0
  await repeat({
    loop: ticking(10, () => void ticks++),
    runtime: manualRuntime(),
    signal: AbortSignal.abort(),
    observer: silentObserver,
  })
  expect(ticks).toBe(0)
})

/** Instants of the first ticks of a loop that always fails. */
async function failures(everyMs: number, forMs: number): Promise<number[]> {
  const at: number[] = []
  const runtime = manualRuntime()
  const loop = ticking(everyMs, () => {
    at.push(runtime.now())
    throw new Error('down')
  })
  const { stop, done } = started(loop, silentObserver, runtime)
  await runtime.elapse(forMs)
  stop.abort()
  await done
  return at.slice(1).map((instant, i) => instant - at[i]!)
}

test('a failing loop pauses longer and longer, up to 5 s', async () => {
  expect((await failures(200, 30_000)).slice(0, 7)).toEqual([400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test('a failing loop never runs more often than a healthy one', async () => {
  expect((await failures(20_000, 60_000)).slice(0, 2)).toEqual([20_000, 20_000])
})

test('a tick that succeeds brings the pace back; failures are reported', async () => {
  const reports: unknown[] = []
  const observer: Observer = {
    ...silentObserver,
    log: (level, message, fields) => void reports.push([level, message, fields?.loop, fields?.failures]),
    count: (name, labels) => void reports.push([name, labels]),
  }
  let ticks = 0
  const { runtime, stop, done } = started(
    ticking(100, () => {
      if (++ticks === 1) throw new Error('once')
    }),
    observer,
  )
  await runtime.elapse(1_000)
  expect(ticks).toBe(10)
  expect(reports).toEqual([
    ['error', 'loop failed', 'test', 1],
    ['loop_failures', { loop: 'test' }],
  ])
  stop.abort()
  await done
})

test('a logger that throws does not end the loop', async () => {
  let ticks = 0
  const observer: Observer = {
    ...silentObserver,
    log: () => {
      throw new Error('disk full')
    },
  }
  const { runtime, stop, done } = started(
    ticking(100, () => {
      ticks++
      throw new Error('down')
    }),
    observer,
  )
  await runtime.elapse(1_000)
  stop.abort()
  await done
  expect(ticks).toBeGreaterThan(2)
})
