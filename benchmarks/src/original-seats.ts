import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Party } from './purchase-shop.ts'

const groupSize = 120
const attempts = 200
const unlock = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

export interface OriginalSeats {
  join(party: Party): Promise<void>
  /** Neighbours. @throws when nothing is left */
  hold(party: Party): Promise<readonly string[]>
  sell(seats: readonly string[]): Promise<void>
  sold(): Promise<number>
}

/** A lock a group and a lock a seat, taken with retries; the line as a list that is searched; a key a seat. */
export function openOriginalSeats(redis: Redis, prefix: string, rows: readonly (readonly string[])[]): OriginalSeats {
  const keyOf = (seat: string): string => `${prefix}:seat:${seat}`

  const take = (seat: string, visitor: string): Promise<boolean> =>
    locked(redis, `${keyOf(seat)}:lock`, async () => {
      if ((await redis.get(keyOf(seat))) !== null) return false
      await redis.set(keyOf(seat), JSON.stringify({ status: 'RESERVED', visitor }), 'EX', 300)
      return true
    })

  const takeAll = async (seats: readonly string[], visitor: string): Promise<boolean> => {
    for (const [i, seat] of seats.entries()) {
      if (await take(seat, visitor)) continue
      for (const taken of seats.slice(0, i)) await redis.del(keyOf(taken))
      return false
    }
    return true
  }

  const freeIn = async (row: readonly string[], quantity: number): Promise<readonly string[] | null> => {
    const states = await redis.mget(row.map(keyOf))
    const isFree = (first: number) => states.slice(first, first + quantity).every((state) => state === null)
    for (let first = 0; first + quantity <= row.length; first++)
      if (isFree(first)) return row.slice(first, first + quantity)
    return null
  }

  return {
    join: async ({ number, visitor }) => {
      const group = Math.floor(number / groupSize)
      await locked(redis, `${prefix}:group:${group}:lock`, () => redis.rpush(`${prefix}:line`, visitor))
      assert.notEqual(await redis.lpos(`${prefix}:line`, visitor), null)
      await redis.set(`${prefix}:ready:${visitor}`, '1', 'EX', 600)
    },
    hold: async ({ number, visitor, quantity }) => {
      assert.equal(await redis.get(`${prefix}:ready:${visitor}`), '1')
      // Everybody begins at another row: nobody is in another's way before half of the house is sold.
      for (let tries = 0; tries < rows.length; tries++) {
        const seats = await freeIn(rows[(number + tries) % rows.length]!, quantity)
        if (seats && (await takeAll(seats, visitor))) return seats
      }
      throw new Error('nothing is left')
    },
    sell: async (seats) => {
      for (const seat of seats) await redis.set(keyOf(seat), JSON.stringify({ status: 'COMPLETED' }))
    },
    sold: async () => {
      const states = await redis.mget(rows.flat().map(keyOf))
      return states.filter((state) => state !== null && JSON.parse(state).status === 'COMPLETED').length
    },
  }
}

async function locked<T>(redis: Redis, key: string, run: () => Promise<T>): Promise<T> {
  const owner = randomUUID()
  for (let attempt = 1; (await redis.set(key, owner, 'PX', 5_000, 'NX')) === null; attempt++) {
    if (attempt === attempts) throw new Error(`${key} is held by others`)
    await setTimeout(Math.random() * Math.min(50, 2 ** attempt))
  }
  try {
    return await run()
  } finally {
    await redis.eval(unlock, 1, key, owner)
  }
}
