import { manualRuntime } from '@b-ticketing/core/conformance'
import { createMemoryLockStore } from '@b-ticketing/core/memory'
import { expect, test } from 'vitest'
import { createRedisLockStore } from './lock-store.ts'
import { holdRecordLease } from './record-lease.ts'
import { describeRedis, testSpace } from './redis.test-support.ts'

await describeRedis(
  'the lease of a record',
  (redis) => {
    const open = () => {
      const space = testSpace(redis)
      const runtime = manualRuntime()
      const lockStore = createRedisLockStore({ scripts: space.scripts, keys: space.keys })
      const lost: string[] = []
      const pass = async (ms: number) => {
        for (let at = 0; at < ms; at += 100) {
          space.advance(100)
          await runtime.elapse(100)
          // What a renewal asks of Redis is answered before time goes on.
          await space.call('exists', 'any')
          await space.call('exists', 'any')
        }
      }
      const waiting: string[] = []
      const hold = (recordId: string) =>
        holdRecordLease({
          lockStore,
          recordId,
          runtime,
          onLost: () => lost.push(recordId),
          onWait: () => waiting.push(recordId),
        })
      return { space, lockStore, lost, waiting, pass, hold }
    }

    test('a second live process is refused, the first one goes on', async () => {
      const { hold, pass, lost, space } = open()
      const first = await hold('record-a')
      const second = hold('record-b').then(
        () => 'held',
        (error) => error,
      )
      await pass(6_000)
      expect(await second).toMatchObject({ code: 'CONFIG_INVALID' })
      await pass(60_000)
      expect(lost).toEqual([])
      await first.close()
      await space.forget()
    })

    test('one that died is waited for: its lease ends within 10 s', async () => {
      const { hold, pass, lockStore, waiting, space } = open()
      await lockStore.acquire({ key: 'record', owner: 'record-a', ttlMs: 10_000 })
      let held = false
      const second = hold('record-b').then((lease) => {
        held = true
        return lease
      })
      await pass(9_500)
      expect(held).toBe(false)
      expect(waiting).toEqual(['record-b'])
      await pass(1_500)
      expect(held).toBe(true)
      await (await second).close()
      await space.forget()
    })

    test('one that closed is not waited for', async () => {
      const { hold, waiting, space } = open()
      const first = await hold('record-a')
      await first.close()
      await first.close()
      await (await hold('record-b')).close()
      expect(waiting).toEqual([])
      await space.forget()
    })

    test('a Redis that lost its data gives the lease back; one whose place was taken is told', async () => {
      const { hold, pass, lost, space, lockStore } = open()
      await hold('record-a')
      await space.forget()
      await pass(4_000)
      expect(lost).toEqual([])
      expect(await lockStore.acquire({ key: 'record', owner: 'record-b', ttlMs: 10_000 })).toMatchObject({ ok: false })
      await space.forget()
      expect(await lockStore.acquire({ key: 'record', owner: 'record-b', ttlMs: 60_000 })).toMatchObject({ ok: true })
      await pass(4_000)
      expect(lost).toEqual(['record-a'])
      await space.forget()
    })
  },
  ['single'],
)

test('the memory lock store serves it as well', async () => {
  const runtime = manualRuntime()
  const lockStore = createMemoryLockStore({ runtime })
  const lease = await holdRecordLease({ lockStore, recordId: 'record-a', runtime, onLost: () => {} })
  await runtime.elapse(30_000)
  expect(await lockStore.acquire({ key: 'record', owner: 'record-b', ttlMs: 1_000 })).toMatchObject({ ok: false })
  await lease.close()
})
