import { setTimeout as sleep } from 'node:timers/promises'
import { createBookingEngine, generateBallpark, isTicketingError } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import type { HoldRecord, SeatCommand, SeatInventory, SeatReply, SectionState } from '@b-ticketing/core/ports'
import { createFaultProxy, type FaultProxy, ownRedis, type RedisServer } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { type RedisAdapterOptions, type RedisAdapters, redisAdapters } from './index.ts'

const redis = await ownRedis()
afterAll(() => redis?.close())

const scheduleId = 'game-1'
const never = 9_000_000_000_000
let serial = 0
const section = (id: string, count: number): SectionState => ({
  ...{ section: id, count, created: [], blocked: [], claims: [], holds: [] },
})
const take = (holder: string, seats: readonly number[], more: Partial<SeatCommand> = {}) =>
  ({
    ...{ do: 'take', operationId: `op-${++serial}`, holdId: `hold-${serial}`, holder, epoch: 'e', ttlMs: 300_000 },
    ...{ notAfter: never, quota: 10, price: { value: 1, currency: 'KRW' }, parts: [{ section: 'A', seats }] },
    ...more,
  }) as SeatCommand
const codes = async (inventory: SeatInventory): Promise<readonly number[]> => {
  const map = await inventory.read({ scheduleId, sections: ['A'] })
  if (map.is !== 'snapshot') throw new Error(map.is)
  return [...map.sections[0]!.codes]
}
const commit = async (inventory: SeatInventory, ...commands: readonly SeatCommand[]): Promise<readonly SeatReply[]> =>
  (await inventory.commit({ scheduleId, commands })).replies
const holdOf = (reply: SeatReply | undefined): HoldRecord => {
  if (reply?.is !== 'hold') throw new Error(`expected a hold, got ${reply?.is}`)
  return reply.hold
}
/** Tries again while the answer is BUSY, as a client does. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      if (!isTicketingError(error) || error.code !== 'BUSY' || tries > 400) throw error
      await sleep(10)
    }
  }
}

describe.skipIf(redis === null)('faults of a real Redis under the seats', () => {
  const server = redis?.servers[0] as RedisServer
  const closing: (() => unknown)[] = []
  let run = 0

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const open = (p: RedisAdapterOptions & { url?: string; client?: Redis } = {}): RedisAdapters => {
    const { url = `redis://127.0.0.1:${server.port}`, client, ...options } = p
    const adapters = redisAdapters(client ?? { url }, { prefix: `seats-${run}:`, ...options })
    closing.push(adapters.close)
    return adapters
  }
  const installed = async (seats = 8, p: Parameters<typeof open>[0] = {}): Promise<SeatInventory> => {
    run++
    const { seatInventory } = open(p)
    await seatInventory.install({ scheduleId, incarnation: 1, sections: [section('A', seats)] })
    return seatInventory
  }
  const openProxy = async (): Promise<FaultProxy & { url: string }> => {
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port })
    closing.push(proxy.close)
    return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` })
  }
  const busyAfter = async (work: Promise<unknown>): Promise<number> => {
    const start = performance.now()
    await expect(work).rejects.toMatchObject({ name: 'TicketingError', code: 'BUSY' })
    return performance.now() - start
  }

  test('H3: 500 parallel holds of one seat from eight connections: exactly one wins', async () => {
    await installed()
    const clients = Array.from({ length: 8 }, () => open().seatInventory)
    const replies = await Promise.all(
      Array.from({ length: 500 }, (_, i) => commit(clients[i % 8]!, take(`v-${i}`, [5]))),
    )
    expect(replies.filter(([reply]) => reply!.is === 'hold')).toHaveLength(1)
    expect(await codes(clients[0]!)).toEqual([0, 4])
  })

  test('H4: {1,2}, {2,3}, {3,1} from three connections, many times: no deadlock, one wins', async () => {
    await installed()
    const clients = Array.from({ length: 3 }, () => open().seatInventory)
    for (let round = 0; round < 50; round++) {
      const wanted = [
        [1, 2],
        [2, 3],
        [1, 3],
      ]
      const replies = await Promise.all(wanted.map((seats, i) => commit(clients[i]!, take(`v-${i}`, seats))))
      const won = replies.flat().filter(({ is }) => is === 'hold')
      expect(won).toHaveLength(1)
      const { holdId, version, holder } = holdOf(won[0])
      await commit(clients[0]!, { do: 'release', operationId: `r-${round}`, holdId, version, holder })
    }
  })

  test('H11: servers whose clocks differ by ±5 s: Redis’s clock makes and judges every deadline', async () => {
    const inventory = await installed()
    const real = Date.now
    try {
      const at: number[] = []
      for (const skew of [-5_000, 5_000]) {
        vi.spyOn(Date, 'now').mockImplementation(() => real() + skew)
        const hold = holdOf((await commit(inventory, take(`v${skew}`, [at.length], { ttlMs: 150 } as never)))[0])
        expect(hold.expiresAt - hold.createdAt).toBe(150)
        expect(Math.abs(hold.createdAt - real())).toBeLessThan(1_000)
        at.push(hold.expiresAt)
        expect((await commit(inventory, take('other', [at.length - 1])))[0]!.is).toBe('taken')
      }
      while (real() <= Math.max(...at)) await sleep(20)
      expect(await codes(inventory)).toEqual([0, 0])
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('H12: a lost reply is BUSY, and the repeat finds what was done: nothing is done twice', async () => {
    const proxy = await openProxy()
    const inventory = await installed(8, { url: proxy.url, timeoutMs: 500 })
    const operation = take('ann', [1, 2])
    const lost = proxy.loseNextReply()
    await busyAfter(commit(inventory, operation))
    await lost
    const before = await insist(() => codes(inventory))
    const [reply] = await insist(() => commit(inventory, operation))
    expect(reply).toMatchObject({ is: 'hold', repeated: true })
    expect(await codes(inventory)).toEqual(before)
    const { holdId, version, holder } = holdOf(reply)
    const release = { do: 'release', operationId: 'gone', holdId, version, holder } as const
    const again = proxy.loseNextReply()
    await busyAfter(commit(inventory, release))
    await again
    expect(await insist(() => commit(inventory, release))).toEqual([{ is: 'done' }])
    expect(await codes(inventory)).toEqual([0, 0])
  })

  test('H12: a borrowed client that sends a command twice holds once', async () => {
    const proxy = await openProxy()
    const client = new Redis(proxy.port)
    closing.push(() => client.disconnect())
    const inventory = await installed(8, { client })
    const lost = proxy.loseNextReply()
    const [reply] = await commit(inventory, take('ann', [0]))
    await lost
    expect(reply!.is).toBe('hold')
    expect((await commit(inventory, take('ann', [1], { quota: 2 } as never)))[0]!.is).toBe('hold')
    expect(await codes(inventory)).toEqual([5, 0])
  })

  test('SCRIPT FLUSH is not noticed', async () => {
    const inventory = await installed(64)
    for (let i = 0; i < 20; i++) {
      const calls = [0, 1, 2].map((k) => commit(inventory, take(`v-${i}-${k}`, [3 * i + k])))
      await server.cli('script', 'flush', 'sync')
      for (const [reply] of await Promise.all(calls)) expect(reply!.is).toBe('hold')
    }
  })

  test('500 ms of latency are slow, not wrong', async () => {
    const proxy = await openProxy()
    const inventory = await installed(8, { url: proxy.url })
    proxy.delay(500)
    const start = performance.now()
    expect((await commit(inventory, take('ann', [0])))[0]!.is).toBe('hold')
    expect((await commit(inventory, take('bob', [0])))[0]!.is).toBe('taken')
    expect(performance.now() - start).toBeGreaterThan(900)
  })

  test('out of memory refuses a hold whole: BUSY, and not a trace of it; what is there can be read', async () => {
    const inventory = await installed()
    await commit(inventory, take('ann', [0]))
    await server.cli('config', 'set', 'maxmemory', '1')
    try {
      await busyAfter(commit(inventory, take('bob', [1])))
      expect(await codes(inventory)).toEqual([1, 0])
    } finally {
      await server.cli('config', 'set', 'maxmemory', '0')
    }
    expect(await inventory.holds({ scheduleId, keys: [{ holder: 'bob' }] })).toEqual([[]])
    expect((await commit(inventory, take('bob', [1])))[0]!.is).toBe('hold')
  })

  test('READONLY is BUSY; a master of another history knows nothing: missing, never free', async () => {
    const inventory = await installed(8, { timeoutMs: 500 })
    await commit(inventory, take('ann', [0]))
    await server.cli('replicaof', '127.0.0.1', '1')
    try {
      await busyAfter(commit(inventory, take('bob', [1])))
    } finally {
      await server.cli('replicaof', 'no', 'one')
    }
    await sleep(20)
    expect(await insist(() => commit(inventory, take('bob', [1])))).toEqual([{ is: 'missing', sections: ['A'] }])
    expect(await inventory.read({ scheduleId, sections: ['A'] })).toEqual({ is: 'missing', sections: ['A'] })
    // No version of before comes again.
    expect(await inventory.install({ scheduleId, incarnation: 1, sections: [section('A', 8)] })).toEqual(['present'])
    expect(await inventory.install({ scheduleId, incarnation: 2, sections: [section('A', 8)] })).toEqual(['installed'])
    expect((await commit(inventory, take('bob', [1])))[0]!.is).toBe('hold')
  })

  test('S3: what was taken out of the keys by somebody else is mended by the word of the record', async () => {
    const seatInventory = await installed()
    const [reply] = await commit(seatInventory, take('ann', [0]))
    const part = { section: 'A', seats: [0] }
    const sold = { do: 'project', part, state: 'COMPLETED', owner: 'pay-1', holder: 'ann', recordVersion: 1 } as const
    const client = new Redis(server.port)
    await client.hdel(`seats-${run}:seats:{${scheduleId}}`, `h${holdOf(reply).holdId}`)
    expect(await commit(seatInventory, { ...sold, operationId: 'a' })).toEqual([{ is: 'done' }])
    await client.del(`seats-${run}:seats:{${scheduleId}}:owners`)
    expect(await commit(seatInventory, { ...sold, operationId: 'b' })).toEqual([{ is: 'done' }])
    client.disconnect()
    const state = { state: 'COMPLETED', requestId: 'pay-1' }
    expect(await seatInventory.owners({ scheduleId, section: 'A' })).toMatchObject([{ seat: 0, ...state }])
    expect((await codes(seatInventory))[0]! & 3).toBe(2)
  })

  test('H13: a restart with old data: holds after the save are lost, so that all is missing and nothing is free', async () => {
    const inventory = await installed(8, { timeoutMs: 500 })
    await commit(inventory, take('ann', [0]))
    await server.cli('save')
    await commit(inventory, take('bob', [1]))
    await server.kill()
    await server.start({ keepData: true })
    expect(await insist(() => commit(inventory, take('cat', [1])))).toEqual([{ is: 'missing', sections: ['A'] }])
    expect(await inventory.holds({ scheduleId, keys: [{ holder: 'ann' }] })).toBe('missing')
  })

  test('H13: kill -9 and a restart empty: rebuilt from the record, nothing claimed is free, what was held is held', async () => {
    run++
    const venue = generateBallpark({ seats: 40, sections: 2 })
    const engineOf = async () => {
      const { seatInventory } = open({ timeoutMs: 500 })
      const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least thirty-two characters' }]
      return createBookingEngine({ ...inMemoryAdapters(), seatInventory, tokenSecrets })
    }
    const engine = await engineOf()
    await engine.schedules.putVenue({ venue })
    const settings = { ratePerMinute: null, capacity: 100 }
    await engine.schedules.create({ scheduleId, venueId: venue.venueId, state: 'open', settings })
    const enter = async (visitor: string) => {
      const { ticket } = await engine.waitingRoom.join({ scheduleId, visitor })
      for (let i = 0; i < 100; i++) {
        const status = await engine.waitingRoom.status({ ticket })
        if (status.state === 'admitted') return status.pass
        await engine.tick()
      }
      throw new Error('not admitted')
    }
    const buyer = { name: 'Ann', email: 'ann@example.com' }
    const bought = new Set<string>()
    for (const visitor of ['ann', 'bob']) {
      const pass = await enter(visitor)
      const hold = await engine.seating.autoAssign({ pass, quantity: 4 })
      if (!hold.ok) throw new Error(hold.reason)
      for (const { seatId } of hold.value.seats) bought.add(seatId)
      const paid = { pass, hold: hold.value, buyer, paymentToken: 'tok_ok', idempotencyKey: `key-${visitor}-000000000` }
      await engine.payments.request(paid as never)
    }
    for (let i = 0; i < 5; i++) await engine.tick()
    const cat = await enter('cat')
    const held = await engine.seating.autoAssign({ pass: cat, quantity: 2 })
    if (!held.ok) throw new Error(held.reason)
    await engine.tick()
    const before = await engine.seating.stats({ scheduleId })
    expect(before.completed + before.reserved).toBe(10)

    await server.kill()
    await server.start()
    const after = await insist(() => engine.seating.stats({ scheduleId }))
    const { version: _, ...counts } = before as typeof before & { version?: number }
    const { version: __, ...same } = after as typeof after & { version?: number }
    expect(same).toMatchObject(counts)
    const dan = await enter('dan')
    const taken = await insist(() => engine.seating.select({ pass: dan, seatIds: [[...bought][0] as string] }))
    expect(taken.ok).toBe(false)
    expect(await engine.seating.hold({ pass: cat, holdId: held.value.holdId })).toMatchObject({
      holdId: held.value.holdId,
    })
    await engine.close()
  }, 30_000)

  test('S4: every seat that is not free can be looked up, until its deadline', async () => {
    run++
    const { seatInventory, close } = open()
    await seatInventory.install({ scheduleId, incarnation: 1, sections: [section('A', 8)] })
    const hold = holdOf((await commit(seatInventory, take('ann', [0, 1])))[0])
    const key = (seat: number) => `seats-${run}:seat:{${scheduleId}}:A-${seat}`
    const shown = async (seat: number) => (await server.cli('get', key(seat))).trim()
    await expect.poll(() => shown(1)).not.toBe('')
    expect(JSON.parse(await shown(0))).toMatchObject({
      ...{ status: 'RESERVED', holdId: hold.holdId, expiresAt: hold.expiresAt },
    })
    const left = Number(await server.cli('pttl', key(0)))
    expect(left).toBeGreaterThan(290_000)
    expect(left).toBeLessThanOrEqual(301_000)
    const { holdId, version, holder } = hold
    const pin = { do: 'pin', operationId: 'p', holdId, version, holder, requestId: 'pay-1', leaseMs: 1_000 } as const
    await commit(seatInventory, pin)
    await expect.poll(async () => JSON.parse(await shown(0))).toMatchObject({ status: 'RESERVED', requestId: 'pay-1' })
    expect(Number(await server.cli('pttl', key(0)))).toBeGreaterThan(1_000_000)
    const part = { section: 'A', seats: [0] }
    const sold = { do: 'project', operationId: 's', part, owner: 'pay-1', holder: 'ann', recordVersion: 1 } as const
    await commit(seatInventory, { ...sold, state: 'COMPLETED' }, { do: 'unpin', operationId: 'u', requestId: 'pay-1' })
    await expect.poll(() => shown(1)).toBe('')
    expect(JSON.parse(await shown(0))).toMatchObject({ status: 'COMPLETED' })
    await close()
  })

  test('S4: the view can be switched off', async () => {
    run++
    const { seatInventory, close } = open({ seatView: false })
    await seatInventory.install({ scheduleId, incarnation: 1, sections: [section('A', 8)] })
    await commit(seatInventory, take('ann', [0]))
    await close()
    expect((await server.cli('keys', `seats-${run}:seat:*`)).trim()).toBe('')
  })

  test('another record’s seats are missing', async () => {
    run++
    const [one, two] = [open({ recordId: 'r-1' }).seatInventory, open({ recordId: 'r-2' }).seatInventory]
    await one.install({ scheduleId, incarnation: 9, sections: [section('A', 8)] })
    expect(await two.read({ scheduleId, sections: ['A'] })).toEqual({ is: 'missing', sections: ['A'] })
    expect(await two.install({ scheduleId, incarnation: 3, sections: [section('A', 8)] })).toEqual(['installed'])
    expect(await one.read({ scheduleId, sections: ['A'] })).toEqual({ is: 'missing', sections: ['A'] })
  })
})
