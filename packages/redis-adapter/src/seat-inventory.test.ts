import { type SeatInventorySubject, seatInventoryContract } from '@b-ticketing/core/conformance'
import { test } from 'vitest'
import { describeRedis, type TestRedis, testSpace } from './redis.test-support.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'

const subjectOf = (redis: TestRedis) => (): SeatInventorySubject => {
  const space = testSpace(redis)
  return {
    port: createRedisSeatInventory(space),
    now: space.now,
    advance: space.advance,
    lose: space.forget,
    close: space.forget,
  }
}

await describeRedis('SeatInventory', (redis) => {
  for (const { name, run } of seatInventoryContract(subjectOf(redis))) test(name, run)
})
