import type { Engine } from '@b-ticketing/core'
import { ownRedis, type Redis, type RedisServer } from '@b-ticketing/services'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { insist, openSale, scheduleId } from './line.test-support.ts'

type Sale = Awaited<ReturnType<typeof openSale>>

/** A crowd that remembers what it was told: any other answer fails. */
class Crowd {
  readonly engine: Engine
  readonly numbers = new Map<string, number>()
  readonly tickets = new Map<string, string>()
  readonly passes = new Map<string, string>()

  constructor({ first }: Sale) {
    this.engine = first
  }

  async join(visitor: string): Promise<number> {
    const ticket = this.tickets.get(visitor)
    const p = { scheduleId, visitor, operationId: `join-${visitor}`, ...(ticket !== undefined && { ticket }) }
    const { status, ticket: signed } = await insist(() => this.engine.waitingRoom.join(p))
    const number = status.number as number
    expect(this.numbers.get(visitor) ?? number, visitor).toBe(number)
    this.numbers.set(visitor, number)
    this.tickets.set(visitor, signed)
    if (status.state === 'admitted') this.passes.set(visitor, status.pass.token)
    return number
  }

  joinAll(count: number, name: string): Promise<readonly number[]> {
    return Promise.all(Array.from({ length: count }, (_, i) => this.join(`${name}-${i}`)))
  }

  /** Nobody has another's number, everybody who asks again has their own, and nobody but those with a pass is inside. */
  async check(): Promise<void> {
    for (const visitor of [...this.numbers.keys()].filter((_, i) => i % 7 === 0)) await this.join(visitor)
    expect(new Set(this.numbers.values()).size).toBe(this.numbers.size)
    for (const token of this.passes.values()) await insist(() => this.engine.waitingRoom.verifyPass({ token }))
    const stats = await insist(() => this.engine.waitingRoom.stats({ scheduleId }))
    expect(stats.active + stats.offered).toBe(this.passes.size)
  }
}

const [sentinel, cluster] = await Promise.all([ownRedis('sentinel'), ownRedis('cluster')])
afterAll(async () => {
  await sentinel?.close()
  await cluster?.close()
})

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const openCrowd = async ({ url }: Redis, prefix: string) => {
  const settings = { capacity: 3, partialGroupSeconds: 0 }
  const sale = await openSale({ url, prefix, settings, timeoutMs: 500 })
  closing.push(sale.close)
  return { sale, crowd: new Crowd(sale) }
}

describe.skipIf(sentinel === null)('the line under Sentinel', () => {
  test('W18: a failover that lost writes: no number twice, nobody loses a place, nobody is let in by it', async () => {
    const redis = sentinel as Redis
    const [master, replica] = redis.servers as [RedisServer, RedisServer]
    const { crowd } = await openCrowd(redis, 'a:')
    await crowd.joinAll(100, 'before')
    await expect.poll(() => replica.cli('hget', `a:queue:{${scheduleId}}`, 'tail')).toContain('100')
    // The replica stops following: what the master does now is lost with it.
    await replica.cli('config', 'set', 'masterauth', 'wrong', 'masteruser', 'nobody')
    await replica.cli('client', 'kill', 'type', 'master')
    const lost = await crowd.joinAll(100, 'lost')
    expect(await replica.cli('hget', `a:queue:{${scheduleId}}`, 'tail')).toContain('100')
    await master.kill()
    const after = await crowd.joinAll(100, 'after')
    expect(Math.min(...after)).toBeGreaterThan(Math.max(...lost))
    await crowd.check()
  }, 60_000)
})

describe.skipIf(cluster === null)('the line in a cluster', () => {
  const redis = cluster as Redis
  const key = `queue:{${scheduleId}}`

  const ownerOf = async (): Promise<{ server: RedisServer; id: string; slot: number }> => {
    const slot = Number(await redis.servers[0]?.cli('cluster', 'keyslot', key))
    for (const server of redis.servers) {
      const view = await server.cli('cluster', 'nodes').catch(() => '')
      const [id = '', , flags = '', , , , , , ...ranges] = (
        view.split('\n').find((l) => l.includes('myself')) ?? ''
      ).split(' ')
      const has = ranges.some((range) => {
        const [from = 0, to = from] = range.split('-').map(Number)
        return from <= slot && slot <= to
      })
      if (flags.includes('master') && has) return { server, id, slot }
    }
    throw new Error('nobody has the slot')
  }

  test('W18: a slot that moves key by key: BUSY in between, then the same line', async () => {
    const { crowd } = await openCrowd(redis, '')
    await crowd.joinAll(100, 'before')
    const { server, id, slot } = await ownerOf()
    const masters = await Promise.all(
      redis.servers.slice(0, 3).map(async (other) => ({ other, id: (await other.cli('cluster', 'myid')).trim() })),
    )
    const { other, id: to } = masters.find((node) => node.id !== id) as (typeof masters)[0]
    await other.cli('cluster', 'setslot', String(slot), 'importing', id)
    await server.cli('cluster', 'setslot', String(slot), 'migrating', to)
    const keys = (await server.cli('cluster', 'getkeysinslot', String(slot), '1000')).trim().split('\n')
    const move = (some: readonly string[]) =>
      server.cli('migrate', other.host, String(other.port), '', '0', '1000', 'keys', ...some)
    const half = keys.length >> 1
    await move(keys.slice(0, half))
    const joining = crowd.joinAll(100, 'between')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await move(keys.slice(half))
    for (const node of masters) await node.other.cli('cluster', 'setslot', String(slot), 'node', to)
    await joining
    await crowd.check()
  }, 60_000)

  test('W18: a master that is killed is replaced: no number twice, nobody loses a place', async () => {
    const { crowd } = await openCrowd(redis, 'b:')
    await crowd.joinAll(100, 'before')
    const { server } = await ownerOf()
    await server.kill()
    await crowd.joinAll(100, 'after')
    await crowd.check()
  }, 60_000)
})
