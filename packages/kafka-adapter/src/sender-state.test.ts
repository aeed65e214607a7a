import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSenderState } from './sender-state.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Brokers that answer when told to; `asked` is when they were, in ms since the start. */
function brokers() {
  const asked: number[] = []
  const begun = Date.now()
  const control = { well: false }
  const state = createSenderState({
    answers: async () => {
      asked.push(Date.now() - begun)
      if (!control.well) throw new Error('away')
    },
  })
  return { state, asked, control }
}

test('is asked after a failed send with a growing pause, until there is an answer and no longer', async () => {
  const { state, asked, control } = brokers()
  expect(state.current()).toBe('unused')
  state.failed()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([state.current(), asked.slice(0, 4)]).toEqual(['down', [100, 300, 700, 1_500]])
  expect(Math.max(...asked.map((at, i) => at - (asked[i - 1] ?? 0)))).toBe(5_000)
  control.well = true
  await vi.advanceTimersByTimeAsync(5_000)
  const times = asked.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect([state.current(), asked.length]).toEqual(['up', times])
})

test('an acknowledged send ends the asking, and the pauses begin anew', async () => {
  const { state, asked } = brokers()
  state.failed()
  await vi.advanceTimersByTimeAsync(1_000)
  state.acknowledged()
  expect(state.current()).toBe('up')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(3)
  state.failed()
  await vi.advanceTimersByTimeAsync(100)
  expect([state.current(), asked.length]).toEqual(['down', 4])
})

test('brokers that answer and acknowledge nothing stay down while there is something to send', async () => {
  const { state, control } = brokers()
  control.well = true
  for (let sends = 0; sends < 8; sends++) state.failed()
  for (let sends = 0; sends < 20; sends++) {
    await vi.advanceTimersByTimeAsync(4_000)
    expect(state.current()).toBe('down')
    state.failed()
  }
  await vi.advanceTimersByTimeAsync(5_000)
  expect(state.current()).toBe('up')
})

test('an answer that comes after another send has failed does not count', async () => {
  const answers: (() => void)[] = []
  const state = createSenderState({ answers: () => new Promise<void>((answer) => answers.push(answer)) })
  state.failed()
  await vi.advanceTimersByTimeAsync(100)
  state.failed()
  answers[0]?.()
  await vi.advanceTimersByTimeAsync(0)
  expect([answers.length, state.current()]).toEqual([1, 'down'])
})

test('closing ends the asking, and what fails afterwards begins none', async () => {
  const { state, asked } = brokers()
  state.failed()
  await vi.advanceTimersByTimeAsync(100)
  state.close()
  state.failed()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([asked, vi.getTimerCount(), state.current()]).toEqual([[100], 0, 'down'])
})
