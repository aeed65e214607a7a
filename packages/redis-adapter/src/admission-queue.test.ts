import { createPermutation, lineDraw } from '@b-ticketing/core/adapter-kit'
import { type AdmissionQueueSubject, admissionQueueContract } from '@b-ticketing/core/conformance'
import type { JoinReply } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { createRedisAdmissionQueue } from './admission-queue.ts'
import { installed, joinsOf, known, recordOf, scheduleId } from './line.test-support.ts'
import { describeRedis, type TestRedis, testSpace } from './redis.test-support.ts'
import { createConnection, isCluster, type RedisConnection } from './redis-client.ts'
import { openClient } from './redis-url.ts'
import { createScriptRunner } from './script.ts'

const subjectOf = (redis: TestRedis) => (): AdmissionQueueSubject => {
  const { keys, scripts, now, advance, call, forget } = testSpace(redis)
  const [line = ''] = keys.queue(scheduleId)
  return {
    port: createRedisAdmissionQueue({ scripts, keys }),
    now,
    advance,
    // What a restart is to a line: another run of the server, with its data or without.
    restart: async ({ empty }) => void (await (empty ? forget() : call('hset', line, 'run', 'f'.repeat(40)))),
    close: forget,
  }
}

await describeRedis('AdmissionQueue', (redis) => {
  for (const { name, run } of admissionQueueContract(subjectOf(redis))) test(name, run)

  const open = (recordId?: string) => {
    const space = testSpace(redis)
    const { scripts, keys } = space
    const queue = createRedisAdmissionQueue({ scripts, keys, ...(recordId && { recordId }) })
    const exists = async (key: string) => Number(await space.call('exists', key))
    return { ...space, queue, exists, line: keys.queue(scheduleId) as [string, ...string[]] }
  }

  test('W9: 1 000 parallel joins by one user are one number', async () => {
    const { queue, keys, prefix, forget } = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    const clients = Array.from({ length: 4 }, () => openClient(redis.url, 5_000))
    const others = clients.map((client) => {
      const connection = createConnection({ client, owned: true, timeoutMs: 5_000 })
      return { connection, queue: createRedisAdmissionQueue({ scripts: createScriptRunner({ connection }), keys }) }
    })
    const replies = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const joins = [{ visitor: 'one', operationId: `join-${i % 7}` }]
        return (await others[i % 4]?.queue.join({ scheduleId, epoch, joins }))?.[0]
      }),
    )
    expect(new Set(replies.map((reply) => JSON.stringify({ ...(reply as JoinReply), created: null }))).size).toBe(1)
    expect(replies.filter((reply) => (reply as JoinReply & { created: boolean }).created)).toHaveLength(1)
    expect(known(await queue.tick({ scheduleId }))).toMatchObject({ tail: 1, counts: { joined: 1, waiting: 1 } })
    await Promise.all(others.map(({ connection }) => connection.close()))
    expect(prefix).not.toBe('')
    await forget()
  })

  test('W13: 100 parallel claims are one slot and one pass', async () => {
    const { queue, advance, forget } = open()
    const { epoch, ...rest } = await installed(queue, recordOf({ capacity: 0, partialGroupSeconds: 0 }))
    await queue.join({ scheduleId, epoch, joins: joinsOf('a', 'b') })
    const settings = { ...rest.settings, capacity: 1 }
    await queue.configure({ scheduleId, record: { ...rest, epoch, settings, version: rest.version + 1 } })
    await queue.tick({ scheduleId })
    const replies = await Promise.all(
      Array.from({ length: 100 }, async () => {
        advance(1)
        return queue.claim({ scheduleId, epoch, mode: 'claim', places: [{ number: 1, visitor: 'a' }] })
      }),
    )
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
    expect(replies[0]).toMatchObject([{ is: 'active', number: 1 }])
    expect(known(await queue.tick({ scheduleId })).counts).toMatchObject({ active: 1, offered: 0, waiting: 1 })
    await forget()
  })

  test('more than one call carries travels in order', async () => {
    const { queue, forget } = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    const visitors = Array.from({ length: 1_000 }, (_, i) => `v${i + 1}`)
    const replies = await queue.join({ scheduleId, epoch, joins: joinsOf(...visitors) })
    expect(replies).toEqual(visitors.map((_, i) => ({ is: 'number', number: i + 1, created: true })))
    const places = visitors.map((visitor) => ({ visitor, as: 'left' as const }))
    expect(await queue.leave({ scheduleId, epoch, places })).toEqual(visitors.map(() => true))
    expect(await queue.join({ scheduleId, epoch, joins: [] })).toEqual([])
    await forget()
  })

  test('a line of another record is missing, and is installed anew', async () => {
    const { queue, keys, scripts, forget } = open('record-a')
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }), 500)
    await queue.join({ scheduleId, epoch, joins: joinsOf('a', 'b') })
    const other = createRedisAdmissionQueue({ scripts, keys, recordId: 'record-b' })
    expect(await other.tick({ scheduleId })).toBe('RECOVER')
    expect(await other.join({ scheduleId, epoch, joins: joinsOf('a') })).toBe('RECOVER')
    expect(await other.members({ scheduleId, epoch })).toEqual({ items: [], next: null })
    const record = recordOf({ capacity: 0 }, { epoch: 'epoch-2' })
    expect(await other.configure({ scheduleId, record })).toBe('RECOVER')
    await installed(other, record)
    expect(await other.join({ scheduleId, epoch: 'epoch-2', joins: joinsOf('a') })).toEqual([
      { is: 'number', number: 1, created: true },
    ])
    expect(await queue.tick({ scheduleId })).toBe('RECOVER')
    await forget()
  })

  test('members are listed by group, and the lists of an old epoch are deleted', async () => {
    const { queue, line, call, exists, forget } = open()
    const record = await installed(queue, recordOf({ capacity: 0, groupSize: 2 }))
    const list = (epoch: string, group: number) => `${line[0]}:${epoch}:group:${group}`
    await queue.join({ scheduleId, epoch: record.epoch, joins: joinsOf('a', 'b', 'c') })
    expect(await call('lrange', list('epoch-1', 1), 0, -1)).toEqual(['a', 'b'])
    expect(await call('lrange', list('epoch-1', 2), 0, -1)).toEqual(['c'])
    await queue.configure({ scheduleId, record: { ...record, version: 9, epoch: 'epoch-2' } })
    await queue.join({ scheduleId, epoch: 'epoch-2', joins: joinsOf('d') })
    for (let i = 0; i < 3; i++) await queue.tick({ scheduleId })
    expect([await exists(list('epoch-1', 1)), await exists(list('epoch-1', 2))]).toEqual([0, 0])
    expect(await call('lrange', list('epoch-2', 1), 0, -1)).toEqual(['d'])
    await forget()
  })

  test('a draw writes the pre-queue into the lists of its groups', async () => {
    const { queue, line, call, exists, forget } = open()
    const draw = { secret: 'secret', commitment: 'c' }
    const settings = { capacity: 0, groupSize: 4, policy: 'draw' as const }
    const record = await installed(queue, recordOf(settings, { state: 'prequeue', draw }))
    const visitors = Array.from({ length: 10 }, (_, i) => `v${i + 1}`)
    await queue.join({ scheduleId, epoch: record.epoch, joins: joinsOf(...visitors) })
    const ranks = `${line[0]}:epoch-1:ranks:0`
    expect(await call('lrange', ranks, 0, -1)).toEqual(visitors)
    const made = { policy: 'draw' as const, n: 10, beacon: null }
    const opened = { ...record, version: 9, state: 'open' as const, draw: { ...draw, made } }
    await queue.configure({ scheduleId, record: opened })
    // The group that the draw ends in goes on with later arrivals, whether its list is built by then or not.
    await queue.join({ scheduleId, epoch: record.epoch, joins: joinsOf('later') })
    const { rankOf } = createPermutation(lineDraw(opened))
    const expected = visitors.map((_, i) => `v${rankOf(i + 1)}`)
    const { items } = await queue.members({ scheduleId, epoch: record.epoch })
    expect(items.map(({ visitor }) => visitor)).toEqual([...expected, 'later'])
    expect(await call('lrange', `${line[0]}:epoch-1:group:3`, 0, -1)).toEqual([...expected.slice(8), 'later'])
    expect(await exists(ranks)).toBe(0)
    await forget()
  })

  test('every key of a line has a TTL', async () => {
    const { queue, call, prefix, forget, connection, advance } = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 2, claimWindowSeconds: 1 }))
    await queue.join({ scheduleId, epoch, joins: joinsOf('a', 'b', 'c', 'd') })
    await queue.leave({ scheduleId, epoch, places: [{ visitor: 'c', as: 'left' }] })
    advance(3_600_000)
    await queue.tick({ scheduleId })
    const keys = await keysOf(connection, prefix)
    expect(keys.length).toBeGreaterThan(4)
    for (const key of keys) expect.soft(Number(await call('pttl', key)), key).toBeGreaterThan(86_400_000)
    await forget()
  })

  test('W8: bytes of memory per waiter (100 000 of them; the benchmark queue-scale measures 1 000 000)', async () => {
    const { queue, line, prefix, connection, forget } = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }), 200_000)
    const count = 100_000
    for (let at = 0; at < count; at += 2_560) {
      const some = Array.from({ length: Math.min(2_560, count - at) }, (_, i) => `visitor-of-22-ch-${100_000 + at + i}`)
      await queue.join({ scheduleId, epoch, joins: joinsOf(...some) })
    }
    const sizes = new Map<string, number>()
    for (const key of await keysOf(connection, prefix))
      sizes.set(key, Number(await connection.command((send) => send('memory', ['usage', key, 'samples', 0]))))
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    const withoutIndex = line.reduce((sum, key) => sum + (key.endsWith(':index') ? 0 : (sizes.get(key) ?? 0)), 0)
    expect(withoutIndex / count).toBeLessThanOrEqual(16)
    expect(total / count).toBeLessThanOrEqual(160)
    expect(total / count).toBeGreaterThan(22)
    await forget()
  }, 60_000)

  test('bad input changes nothing', async () => {
    const { queue, forget } = open()
    const { epoch } = await installed(queue, recordOf({ capacity: 0 }))
    await queue.join({ scheduleId, epoch, joins: joinsOf('a', 'b') })
    const before = await queue.tick({ scheduleId })
    for (const visitor of ['', 'two words', 'a\n', 'x'.repeat(65), null as never]) {
      await expect(queue.join({ scheduleId, epoch, joins: joinsOf(visitor) })).rejects.toMatchObject({
        code: 'INVALID',
      })
    }
    await expect(queue.tick({ scheduleId: 'a}b' })).rejects.toMatchObject({ code: 'INVALID' })
    const odd = [Number.NaN, -1, 0, 1.5, 1e300, 3, Number.POSITIVE_INFINITY, '2; x' as never]
    for (const number of odd) {
      const places = [{ number, visitor: 'a', until: Number.NaN }]
      expect(await queue.claim({ scheduleId, epoch, mode: 'claim', places })).toEqual([{ is: 'waiting' }])
      expect(await queue.claim({ scheduleId, epoch, mode: 'check', places })).toEqual([{ is: 'expired' }])
      const leavers = [{ visitor: 'nobody', place: { number }, as: 'left' as const }]
      expect(await queue.leave({ scheduleId, epoch, places: leavers })).toEqual([false])
      const joins = [{ visitor: 'a', operationId: 'again', ticket: { number } }]
      expect(await queue.join({ scheduleId, epoch, joins })).toEqual([{ is: 'number', number: 1, created: false }])
      expect(await queue.members({ scheduleId, epoch, group: number })).toEqual({ items: [], next: null })
    }
    expect(await queue.tick({ scheduleId })).toEqual(before)
    await forget()
  })
})

async function keysOf({ client, command }: RedisConnection, prefix: string): Promise<string[]> {
  const nodes = isCluster(client) ? client.nodes('master') : [client]
  await command(async () => {})
  const found = await Promise.all(nodes.map((node) => node.call('keys', `${prefix}*`) as Promise<string[]>))
  return found.flat()
}
