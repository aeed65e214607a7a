import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createMemoryFenceSource, createMemoryRecord } from '@b-ticketing/core/memory'
import type { PaymentStatus } from '@b-ticketing/core/ports'
import { createFaultProxy, type FaultProxy, ownRedis, type RedisServer } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { listen, publish } from './feed.test-support.ts'
import { type RedisAdapterOptions, type RedisAdapters, redisAdapters } from './index.ts'

const redis = await ownRedis()
afterAll(() => redis?.close())

describe.skipIf(redis === null)('faults of a real Redis', () => {
  const server = redis?.servers[0] as RedisServer
  const closing: (() => unknown)[] = []
  let run = 0

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const open = (p: RedisAdapterOptions & { url?: string; client?: Redis } = {}): RedisAdapters => {
    const { url = `redis://127.0.0.1:${server.port}`, client, ...options } = p
    const fenceSource = createMemoryFenceSource({ record: createMemoryRecord() })
    const adapters = redisAdapters(client ?? { url }, { fenceSource, prefix: `run-${run++}:`, ...options })
    closing.push(adapters.close)
    return adapters
  }

  const openProxy = async (): Promise<FaultProxy & { url: string }> => {
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port })
    closing.push(proxy.close)
    return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` })
  }

  const terms = { key: 'lock-1', owner: 'a', ttlMs: 60_000 }
  const acquire = async ({ lockStore }: RedisAdapters, owner = 'a') => {
    const reply = await lockStore.acquire({ ...terms, owner })
    if (!reply.ok) throw new Error(`${owner} was refused`)
    return reply.fence
  }
  const acquired = (adapters: RedisAdapters, owner?: string) =>
    expect
      .poll(
        () =>
          acquire(adapters, owner).then(
            () => true,
            () => false,
          ),
        { timeout: 15_000, interval: 20 },
      )
      .toBe(true)

  /** @returns how long it took to be refused as BUSY */
  const busyAfter = async (work: Promise<unknown>): Promise<number> => {
    const start = performance.now()
    await expect(work).rejects.toMatchObject({ name: 'TicketingError', code: 'BUSY', retryInMs: 1_000 })
    return performance.now() - start
  }

  const status: PaymentStatus = {
    requestId: 'r1',
    visitor: 'v1',
    status: 'PENDING',
    reason: null,
    reservationId: null,
    amount: { value: 1, currency: 'KRW' },
    refund: 'none',
    version: 1,
    updatedAt: 1,
  }

  test('I8: kill -9 and a restart without data: BUSY while it is down, then higher numbers only', async () => {
    const adapters = open({ timeoutMs: 300 })
    let last = 0
    for (const owner of ['a', 'b', 'c']) {
      const fence = await acquire(adapters, owner)
      expect(fence).toBeGreaterThan(last)
      await server.kill()
      expect(await busyAfter(adapters.lockStore.acquire(terms))).toBeLessThan(600)
      expect(await busyAfter(adapters.paymentView.put({ payments: [status] }))).toBeLessThan(600)
      await server.start()
      await expect
        .poll(() => adapters.lockStore.renew({ ...terms, owner, fence }).catch(() => 'busy'), { timeout: 15_000 })
        .toBe(false)
      last = fence
    }
    expect(await acquire(adapters, 'd')).toBeGreaterThan(last)
  })

  test('I8: a restart with old data: numbers granted after the save are not granted again', async () => {
    const prefix = `run-${run++}:`
    const adapters = open({ prefix, timeoutMs: 300 })
    const first = await acquire(adapters, 'a')
    await server.cli('save')
    await adapters.lockStore.release({ ...terms, fence: first })
    const lost = await acquire(adapters, 'b')
    expect(lost).toBe(first + 1)
    await server.kill()
    await server.start({ keepData: true })
    expect(await server.cli('exists', `${prefix}lock:{lock-1}`)).toContain('1')
    await acquired(adapters, 'c')
    expect(await acquire(adapters, 'c')).toBeGreaterThan(lost)
    expect(await adapters.lockStore.renew({ ...terms, owner: 'a', fence: first })).toBe(false)
  })

  test('I8: a holder stopped past its TTL is refused when it goes on', async () => {
    const prefix = `run-${run++}:`
    const file = fileURLToPath(new URL('./holder.test-support.ts', import.meta.url))
    const argv = ['--conditions=@b-ticketing/source', file, `redis://127.0.0.1:${server.port}`, prefix, '300']
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const stale = Number((await lines.next()).value)
    child.kill('SIGSTOP')
    const adapters = open({ prefix })
    await acquired(adapters, 'b')
    child.kill('SIGCONT')
    child.stdin.end('go on\n')
    expect(await lines.next()).toMatchObject({ value: '[false,false]' })
    expect(await exit).toEqual([0, null])
    expect(await acquire(adapters, 'b')).toBeGreaterThan(stale)
  })

  test('a stopped Redis is BUSY within the bound, and goes on when it does', async () => {
    const adapters = open({ timeoutMs: 300 })
    const fence = await acquire(adapters)
    await server.pause()
    try {
      expect(await busyAfter(adapters.lockStore.renew({ ...terms, fence }))).toBeLessThan(600)
    } finally {
      await server.resume()
    }
    await acquired(adapters)
    expect(await acquire(adapters)).toBe(fence)
  })

  test('SCRIPT FLUSH is not noticed', async () => {
    const adapters = open()
    const fence = await acquire(adapters)
    for (let i = 0; i < 20; i++) {
      const calls = Array.from({ length: 10 }, () => adapters.lockStore.renew({ ...terms, fence }))
      await server.cli('script', 'flush', 'sync')
      expect(await Promise.all(calls)).not.toContain(false)
    }
  })

  test('a lost reply is BUSY, and the repeat finds what was done', async () => {
    const proxy = await openProxy()
    const adapters = open({ url: proxy.url, timeoutMs: 500 })
    await adapters.paymentView.get({ requestIds: ['r0'] })
    const source = open()
    await acquire(source)
    const lost = proxy.loseNextReply()
    await busyAfter(adapters.lockStore.acquire(terms))
    await lost
    await acquired(adapters)
    const fence = await acquire(adapters)
    const again = proxy.loseNextReply()
    await busyAfter(adapters.lockStore.release({ ...terms, fence }))
    await again
    await expect.poll(() => adapters.lockStore.release({ ...terms, fence }).catch(() => 'busy')).toBe(false)
    expect(await acquire(adapters, 'b')).toBeGreaterThan(fence)
  })

  test('a borrowed client that sends a command twice grants once', async () => {
    const proxy = await openProxy()
    const client = new Redis(proxy.port)
    closing.push(() => client.disconnect())
    const adapters = open({ client })
    const fence = await acquire(adapters)
    await adapters.lockStore.release({ ...terms, fence })
    const lost = proxy.loseNextReply()
    expect(await acquire(adapters, 'b')).toBe(fence + 1)
    await lost
    await adapters.close()
    expect(client.status).toBe('ready')
  })

  test('500 ms of latency are slow, not wrong', async () => {
    const proxy = await openProxy()
    const adapters = open({ url: proxy.url })
    const fence = await acquire(adapters)
    proxy.delay(500)
    const start = performance.now()
    expect(await adapters.lockStore.renew({ ...terms, fence })).toBe(true)
    await adapters.paymentView.put({ payments: [status] })
    expect(await adapters.paymentView.get({ requestIds: ['r1'] })).toEqual([status])
    expect(performance.now() - start).toBeGreaterThan(1_400)
  })

  test('a black hole is BUSY within the bound, for each of many calls, and is left when it ends', async () => {
    const proxy = await openProxy()
    const adapters = open({ url: proxy.url, timeoutMs: 300 })
    const fence = await acquire(adapters)
    proxy.blackHole(true)
    const calls = Array.from({ length: 50 }, () => busyAfter(adapters.lockStore.renew({ ...terms, fence })))
    expect(Math.max(...(await Promise.all(calls)))).toBeLessThan(800)
    expect(await busyAfter(adapters.lockStore.renew({ ...terms, fence }))).toBeLessThan(800)
    proxy.blackHole(false)
    await acquired(adapters)
    expect(await acquire(adapters)).toBe(fence)
  })

  test('what nobody waits for any more does not run later, also with a client that queues', async () => {
    const proxy = await openProxy()
    const client = new Redis(proxy.port, { retryStrategy: () => 100 })
    client.on('error', () => {})
    closing.push(() => client.disconnect())
    const prefix = `run-${run++}:`
    const adapters = open({ client, prefix, timeoutMs: 300 })
    await adapters.paymentView.get({ requestIds: [] })
    await proxy.close()
    await expect.poll(() => client.status).not.toBe('ready')
    await busyAfter(adapters.lockStore.acquire(terms))
    client.options.port = server.port
    await expect.poll(() => client.status).toBe('ready')
    await sleep(50)
    expect(await server.cli('exists', `${prefix}lock:{lock-1}`)).toContain('0')
  })

  test('a connection refused is BUSY at once or within the bound', async () => {
    const adapters = open({ url: 'redis://127.0.0.1:1', timeoutMs: 200 })
    expect(await busyAfter(adapters.lockStore.acquire(terms))).toBeLessThan(500)
  })

  test.each([
    ['a wrong password', () => `redis://shop:bad@127.0.0.1:${server.port}`, 'STORE_FAULT', /WRONGPASS.*check user/],
    ['an unknown host', () => 'redis://no-such-host.invalid', 'BUSY', /ENOTFOUND|EAI_AGAIN/],
    ['nobody there', () => 'redis://127.0.0.1:1', 'BUSY', /ECONNREFUSED/],
    ['no cluster', () => `redis-cluster://127.0.0.1:${server.port}`, 'BUSY', /cluster support disabled/],
    ['no sentinel', () => `redis-sentinel://127.0.0.1:${server.port}/main`, 'BUSY', /sentinel/],
  ])('%s is told with its cause', async (_, url, code, message) => {
    const adapters = open({ url: url(), timeoutMs: 1_000 })
    const said = { code, message: expect.stringMatching(message), cause: expect.any(Error) }
    await expect(adapters.ping()).rejects.toMatchObject(said)
    await expect(adapters.ping()).rejects.toMatchObject(said)
  })

  test('a missing password is told also by a borrowed client, until it is let in', async () => {
    await server.cli('config', 'set', 'requirepass', 'secret')
    const client = new Redis(server.port)
    closing.push(() => client.disconnect())
    const adapters = open({ client, timeoutMs: 1_000 })
    try {
      const said = { code: 'STORE_FAULT', message: expect.stringContaining('NOAUTH') }
      await expect(adapters.ping()).rejects.toMatchObject(said)
    } finally {
      await server.cli('-a', 'secret', 'config', 'set', 'requirepass', '')
    }
    await expect.poll(() => adapters.ping().catch(() => 'busy')).toBeUndefined()
    expect(client.listenerCount('error')).toBe(0)
  })

  test('out of memory is BUSY and changes nothing', async () => {
    const adapters = open()
    const fence = await acquire(adapters)
    const { lockStore, paymentView, changeFeed } = adapters
    await server.cli('config', 'set', 'maxmemory', '1')
    try {
      await busyAfter(lockStore.acquire({ ...terms, key: 'lock-2' }))
      await busyAfter(lockStore.release({ ...terms, fence }))
      await busyAfter(paymentView.put({ payments: [status] }))
      await busyAfter(changeFeed.publish({ channel: 'c', changes: [{} as never] }))
      expect(await paymentView.get({ requestIds: ['r1'] })).toEqual([null])
    } finally {
      await server.cli('config', 'set', 'maxmemory', '0')
    }
    expect(await acquire(adapters)).toBe(fence)
  })

  test('READONLY is BUSY until it is a master again', async () => {
    const adapters = open({ timeoutMs: 500 })
    const fence = await acquire(adapters)
    await server.cli('replicaof', '127.0.0.1', '1')
    try {
      await busyAfter(adapters.lockStore.renew({ ...terms, fence }))
    } finally {
      await server.cli('replicaof', 'no', 'one')
    }
    await acquired(adapters, 'b')
    expect(await acquire(adapters, 'b')).toBeGreaterThan(fence)
  })

  test('LOADING is BUSY until the data is there', async () => {
    const adapters = open({ timeoutMs: 300 })
    await acquire(adapters)
    await server.cli('eval', "for i = 1, 2000 do redis.call('SET', 'load:' .. i, 'x') end", '0')
    await server.cli('save')
    await server.kill()
    const slowly = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024']
    await server.start({ keepData: true, config: slowly })
    expect(await server.cli('info', 'persistence')).toContain('loading:1')
    await busyAfter(adapters.lockStore.acquire({ ...terms, owner: 'b' }))
    await acquired(adapters, 'b')
  })

  test('refusals that no waiting cures are STORE_FAULT', async () => {
    const prefix = `run-${run++}:`
    await server.cli('set', `${prefix}lock:{lock-1}`, 'not a hash')
    await expect(open({ prefix }).lockStore.acquire(terms)).rejects.toMatchObject({
      code: 'STORE_FAULT',
      cause: expect.objectContaining({ message: expect.stringContaining('WRONGTYPE') }),
    })
  })

  test('after close every call is CLOSED', async () => {
    const adapters = open()
    await acquire(adapters)
    await adapters.close()
    await adapters.close()
    await expect(adapters.lockStore.acquire(terms)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  describe('the change feed', () => {
    test('a broken connection is a gap, then the news go on', async () => {
      const proxy = await openProxy()
      const prefix = `run-${run++}:`
      const [reader, writer] = [open({ url: proxy.url, prefix }), open({ prefix })]
      const seen = await listen(reader)
      await publish(writer, 1)
      await expect.poll(() => seen).toEqual([1])
      proxy.cut()
      await publish(writer, 2)
      await expect.poll(() => seen.at(-1), { timeout: 15_000 }).toBe('gap')
      await publish(writer, 3)
      await expect.poll(() => seen.at(-1)).toBe(3)
    })

    test('a half-open connection is found and left', async () => {
      const proxy = await openProxy()
      const prefix = `run-${run++}:`
      const [reader, writer] = [open({ url: proxy.url, prefix, timeoutMs: 200 }), open({ prefix })]
      const seen = await listen(reader)
      proxy.blackHole(true)
      await publish(writer, 1)
      await sleep(100)
      proxy.blackHole(false)
      await expect.poll(() => seen, { timeout: 15_000 }).toEqual(['gap'])
      await publish(writer, 2)
      await expect.poll(() => seen).toEqual(['gap', 2])
    })

    test('a restart without data is a gap, and numbers go on', async () => {
      const adapters = open()
      const seen = await listen(adapters)
      await publish(adapters, 1)
      await server.kill()
      await server.start()
      await expect.poll(() => seen, { timeout: 15_000 }).toEqual([1, 'gap'])
      await expect
        .poll(() =>
          publish(adapters, 2).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true)
      await expect.poll(() => seen).toEqual([1, 'gap', 2])
    })

    test('nobody can listen to a Redis that is down', async () => {
      const adapters = open({ url: 'redis://127.0.0.1:1', timeoutMs: 200 })
      await busyAfter(listen(adapters))
    })
  })
})
