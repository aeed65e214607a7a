import { type SeatInventorySubject, seatInventoryContract } from '@b-ticketing/core/conformance'
import type { SeatInventory } from '@b-ticketing/core/ports'
import { test } from 'vitest'
import { describeRedis, type TestRedis, type TestSpace, testSpace } from './redis.test-support.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'

type Create = (space: TestSpace) => SeatInventory

const subjectOf = (redis: TestRedis, create: Create) => (): SeatInventorySubject => {
  const space = testSpace(redis)
  return {
    port: create(space),
    now: space.now,
    advance: space.advance,
    lose: space.forget,
    close: space.forget,
  }
}

await describeRedis('SeatInventory', (redis) => {
  for (const { name, run } of seatInventoryContract(subjectOf(redis, createRedisSeatInventory))) test(name, run)
})

await describeRedis('SeatInventory by section', (redis) => {
  for (const { name, run } of seatInventoryContract(subjectOf(redis, createSectionedSeatInventory))) test(name, run)
})
