import { KafkaJSNonRetriableError, KafkaJSProtocolError } from 'kafkajs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepMembership } from './membership.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Ten heartbeats, of which the group answers so. */
async function beatTen(heartbeat: () => Promise<void>) {
  let answers = 0
  const membership = keepMembership({ heartbeat, everyMs: 1_000, onAnswer: () => void answers++ })
  await vi.advanceTimersByTimeAsync(10_000)
  return { membership, answers }
}

test('an acknowledged heartbeat is an answer', async () => {
  const { membership, answers } = await beatTen(async () => {})
  expect([answers, membership.lost.aborted]).toEqual([10, false])
  membership.end()
})

test('a group that wants the member to join anew has answered, and the membership is lost', async () => {
  const lost = new KafkaJSProtocolError({ type: 'REBALANCE_IN_PROGRESS', code: 27, retriable: true } as never)
  const { membership, answers } = await beatTen(() => Promise.reject(lost))
  expect([answers, membership.lost.aborted]).toEqual([10, true])
  expect(() => membership.end()).toThrow(lost)
})

test.each([
  ['a broker that never answers', () => new Promise<void>(() => {})],
  ['one that cannot be reached', () => Promise.reject(new KafkaJSNonRetriableError('closed'))],
])('%s has said nothing: no answer, and nothing lost', async (_, heartbeat) => {
  const { membership, answers } = await beatTen(heartbeat)
  expect([answers, membership.lost.aborted]).toEqual([0, false])
  membership.end()
})
