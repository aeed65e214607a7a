import type { QueueStatus } from '@b-ticketing/core'
import type { JoinReply } from '@b-ticketing/core/ports'
import { createFaultProxy, ownRedis, type RedisServer } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type RedisAdapterOptions, redisAdapters } from './index.ts'
import { insist, installed, joinsOf, known, openSale, recordOf, scheduleId } from './line.test-support.ts'

const redis = await ownRedis()
afterAll(() => redis?.close())

describe.skipIf(redis === null)('the line on a Redis that fails', () => {
  const server = redis?.servers[0] as RedisServer
  const url = redis?.url ?? ''
  const closing: (() => unknown)[] = []
  let run = 0

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const newPrefix = () => `queue-${run++}:`
  const open = (p: RedisAdapterOptions & { url?: string; client?: Redis } = {}) => {
    const { url: at = url, client, ...options } = p
    const { admissionQueue, close } = redisAdapters(client ?? { url: at }, {
      prefix: newPrefix(),
      timeoutMs: 500,
      ...options,
    })
    closing.push(close)
    return admissionQueue
  }
  const openProxy = async () => {
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port })
    closing.push(proxy.close)
    return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` })
  }
  const busy = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ name: 'TicketingError', code: 'BUSY' })
  const first = (replies: readonly JoinReply[] | 'RECOVER') => (replies as readonly JoinReply[])[0]

  test('a lost reply is BUSY, and the repeat finds the place, the pass and the end that were made', async () => {
    const proxy = await openProxy()
    const queue = open({ url: proxy.url })
    const { epoch } = await installed(queue, recordOf({ capacity: 1 }))
    const join = (visitor: string) => queue.join({ scheduleId, epoch, joins: joinsOf(visitor) })
    // Redis knows every script by now: what is lost is the reply to a script that ran.
    await join('warm')
    await queue.claim({ scheduleId, epoch, mode: 'claim', places: [{ number: 1, visitor: 'warm' }] })
    await queue.leave({ scheduleId, epoch, places: [{ visitor: 'warm', as: 'left' }] })
    await queue.tick({ scheduleId })
    const losing = async (work: () => Promise<unknown>) => {
      const lost = proxy.loseNextReply()
      await busy(work())
      await lost
    }
    await losing(() => join('a'))
    expect(first(await insist(() => join('a')))).toMatchObject({ is: 'admitted', number: 2, created: false })
    await losing(() => join('b'))
    expect(first(await insist(() => join('b')))).toEqual({ is: 'number', number: 3, created: false })
    const leave = () => queue.leave({ scheduleId, epoch, places: [{ visitor: 'a', as: 'left' }] })
    await losing(leave)
    expect(await insist(leave)).toEqual([false])
    await losing(() => queue.tick({ scheduleId }))
    const claim = () => queue.claim({ scheduleId, epoch, mode: 'claim', places: [{ number: 3, visitor: 'b' }] })
    // The partial group opens after a second.
    await expect.poll(async () => known(await insist(() => queue.tick({ scheduleId }))).admittedThrough).toBe(3)
    await losing(claim)
    expect(await insist(claim)).toMatchObject([{ is: 'active', number: 3 }])
    expect(known(await queue.tick({ scheduleId })).counts).toMatchObject({ joined: 3, active: 1, left: 2 })
  })

  test('a borrowed client that sends a command twice gives one number', async () => {
    const proxy = await openProxy()
    const client = new Redis(proxy.port)
    closing.push(() => client.disconnect())
    const queue = open({ client })
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    const lost = proxy.loseNextReply()
    expect(first(await queue.join({ scheduleId, epoch, joins: joinsOf('a') }))).toMatchObject({ number: 1 })
    await lost
    expect(known(await queue.tick({ scheduleId })).tail).toBe(1)
  })

  test('SCRIPT FLUSH is not noticed', async () => {
    const queue = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    for (let i = 0; i < 20; i++) {
      const joins = Array.from({ length: 5 }, (_, k) => queue.join({ scheduleId, epoch, joins: joinsOf(`v${i}-${k}`) }))
      await server.cli('script', 'flush', 'sync')
      await Promise.all([...joins, queue.tick({ scheduleId })])
    }
    expect(known(await queue.tick({ scheduleId }))).toMatchObject({ tail: 100, counts: { waiting: 100 } })
  })

  test('out of memory is BUSY and changes nothing', async () => {
    const queue = open()
    const { epoch, ...record } = await installed(
      queue,
      recordOf({ capacity: 1, claimWindowSeconds: 1, graceSeconds: 0 }),
    )
    await queue.join({ scheduleId, epoch, joins: joinsOf('a', 'b') })
    const before = known(await queue.tick({ scheduleId }))
    await server.cli('config', 'set', 'maxmemory', '1')
    try {
      await busy(queue.join({ scheduleId, epoch, joins: joinsOf('c') }))
      await busy(queue.leave({ scheduleId, epoch, places: [{ visitor: 'a', as: 'left' }] }))
      await busy(queue.tick({ scheduleId }))
      await busy(queue.claim({ scheduleId, epoch, mode: 'claim', places: [{ number: 1, visitor: 'a' }] }))
      await busy(queue.configure({ scheduleId, record: { ...record, epoch, version: 99 } }))
      expect((await queue.members({ scheduleId, epoch })).items).toHaveLength(2)
    } finally {
      await server.cli('config', 'set', 'maxmemory', '0')
    }
    const after = known(await queue.tick({ scheduleId }))
    expect({ ...after, storeTime: 0, measuredMs: 0 }).toEqual({ ...before, storeTime: 0, measuredMs: 0 })
  })

  test('READONLY is BUSY, for ticks as well; a master again, it is another history', async () => {
    const queue = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    await queue.join({ scheduleId, epoch, joins: joinsOf('a') })
    await server.cli('replicaof', '127.0.0.1', '1')
    try {
      await busy(queue.join({ scheduleId, epoch, joins: joinsOf('b') }))
      await busy(insist(() => queue.tick({ scheduleId }), 200))
    } finally {
      await server.cli('replicaof', 'no', 'one')
    }
    expect(await insist(() => queue.tick({ scheduleId }))).toBe('RECOVER')
  })

  test('LOADING is BUSY until the data is there, then RECOVER', async () => {
    const prefix = newPrefix()
    const queue = open({ prefix, timeoutMs: 300 })
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    await queue.join({ scheduleId, epoch, joins: joinsOf('a') })
    await server.cli('eval', "for i = 1, 2000 do redis.call('SET', 'load:' .. i, 'x') end", '0')
    await server.cli('save')
    await server.kill()
    const slowly = ['--key-load-delay', '300', '--loading-process-events-interval-bytes', '1024']
    await server.start({ keepData: true, config: slowly })
    await busy(queue.tick({ scheduleId }))
    expect(await insist(() => queue.tick({ scheduleId }))).toBe('RECOVER')
    const record = recordOf({ capacity: 0 }, { version: 5, ceiling: 50, lineIncarnation: 2 })
    expect(known(await queue.configure({ scheduleId, record, recover: true }))).toMatchObject({ tail: 50 })
    const again = await queue.join({ scheduleId, epoch, joins: joinsOf('a') })
    expect(first(again)).toEqual({ is: 'number', number: 1, created: false })
  })

  test('a stopped Redis and a black hole are BUSY within the bound', async () => {
    const proxy = await openProxy()
    const queue = open({ url: proxy.url, timeoutMs: 300 })
    await installed(queue, recordOf({ capacity: 0 }))
    for (const [stop, go] of [
      [() => server.pause(), () => server.resume()],
      [async () => proxy.blackHole(true), async () => proxy.blackHole(false)],
    ] as const) {
      await stop()
      const start = performance.now()
      await busy(queue.tick({ scheduleId }))
      expect(performance.now() - start).toBeLessThan(800)
      await go()
      await insist(() => queue.tick({ scheduleId }))
    }
  })

  /** A sale with `slots` active visitors and a crowd behind them; everybody knows the number they were told. */
  const openCrowd = async (slots: number, crowd: number) => {
    const sale = await openSale({ url, prefix: newPrefix(), settings: { capacity: slots, partialGroupSeconds: 0 } })
    closing.push(sale.close)
    const second = await sale.start()
    const tickets = new Map<string, string>()
    const numbers = new Map<string, number>()
    const statusOf = (status: QueueStatus, visitor: string) => {
      const held = numbers.get(visitor)
      expect(held ?? status.number, `${visitor} keeps the number`).toBe(status.number)
      numbers.set(visitor, status.number as number)
    }
    const join = async (visitor: string, engine = sale.first) => {
      const ticket = tickets.get(visitor)
      const p = { scheduleId, visitor, operationId: `join-${visitor}`, ...(ticket && { ticket }) }
      const joined = await insist(() => engine.waitingRoom.join(p))
      tickets.set(visitor, joined.ticket)
      statusOf(joined.status, visitor)
      return joined.status
    }
    const visitors = Array.from({ length: crowd }, (_, i) => `v${i + 1}`)
    const statuses = await Promise.all(visitors.map((visitor, i) => join(visitor, i % 2 ? second : sale.first)))
    return { ...sale, second, tickets, numbers, join, visitors, statuses }
  }

  const unique = (numbers: ReadonlyMap<string, number>) => expect(new Set(numbers.values()).size).toBe(numbers.size)

  test('W18: kill -9 mid-burst and a restart without data: no number twice, nobody loses a place, the admitted go on', async () => {
    const { first: engine, second, join, numbers, statuses, visitors, tickets } = await openCrowd(3, 400)
    const admitted = statuses.filter((status) => status.state === 'admitted')
    expect(admitted).toHaveLength(3)
    const burst = Array.from({ length: 600 }, (_, i) => `burst${i}`)
    const joining = Promise.all(burst.map((visitor, i) => join(visitor, i % 2 ? second : engine)))
    await server.kill()
    await server.start()
    await joining
    unique(numbers)
    // Everybody who was told a number has it still; whoever asks again is told the same one.
    for (const visitor of visitors.slice(0, 50)) await join(visitor, second)
    const late = await Promise.all(Array.from({ length: 50 }, (_, i) => join(`late${i}`, second)))
    const highest = Math.max(...visitors.map((visitor) => numbers.get(visitor) as number))
    for (const status of late) expect(status.number).toBeGreaterThan(highest)
    unique(numbers)
    // The three who were admitted still are, by their passes; nobody else is.
    for (const status of admitted) {
      if (status.state !== 'admitted') continue
      expect(await insist(() => engine.waitingRoom.verifyPass({ token: status.pass.token }))).toMatchObject({
        number: status.number,
      })
    }
    const stats = await insist(() => second.waitingRoom.stats({ scheduleId }))
    expect(stats.offered + stats.active).toBe(3)
    const waiting = await insist(() => engine.waitingRoom.status({ ticket: tickets.get('v10') as string }))
    expect(waiting.state).toBe('waiting')
  }, 60_000)

  test('W18: a restart with older data: what was issued after the save is not issued again', async () => {
    const { first: engine, second, join, numbers, visitors } = await openCrowd(0, 100)
    await server.cli('save')
    const after = Array.from({ length: 100 }, (_, i) => `after${i}`)
    await Promise.all(after.map((visitor) => join(visitor, second)))
    await server.kill()
    await server.start({ keepData: true })
    await Promise.all(['x', 'y', 'z'].map((visitor) => join(visitor)))
    unique(numbers)
    for (const visitor of [...visitors.slice(0, 20), ...after.slice(0, 20)]) await join(visitor, engine)
    unique(numbers)
    expect(numbers.get('v1')).toBeLessThan(numbers.get('after0') as number)
  }, 60_000)

  test('the whole process is told within a bound while Redis is down, and polls go on', async () => {
    const { first: engine, tickets, numbers } = await openCrowd(0, 20)
    await server.kill()
    const start = performance.now()
    await busy(engine.waitingRoom.join({ scheduleId, visitor: 'new' }))
    expect(performance.now() - start).toBeLessThan(4_000)
    const status = await engine.waitingRoom.status({ ticket: tickets.get('v5') as string })
    expect(status).toMatchObject({ state: 'waiting', number: numbers.get('v5') })
    await server.start()
    expect((await insist(() => engine.waitingRoom.join({ scheduleId, visitor: 'new' }))).created).toBe(true)
  }, 30_000)
})
