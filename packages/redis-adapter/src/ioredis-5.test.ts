import { sharedRedis } from '@b-ticketing/services'
import { Cluster, Redis } from 'ioredis-5'
import { afterAll, describe, expect, test } from 'vitest'
import { redisAdapters } from './index.ts'
import { parseRedisUrl } from './redis-url.ts'

// A client of the older line, borrowed with all its defaults.
const open = {
  single: (url: string) => new Redis(url),
  cluster: (url: string) => new Cluster([...parseRedisUrl(url).hosts]),
  sentinel: (url: string) => {
    const { hosts, name = '' } = parseRedisUrl(url)
    return new Redis({ sentinels: [...hosts], name })
  },
}

for (const kind of ['single', 'cluster', 'sentinel'] as const) {
  const shared = await sharedRedis(kind)

  describe.skipIf(shared === null)(`ioredis 5 (Redis, ${kind})`, () => {
    const client = shared && open[kind](shared.url)
    afterAll(() => client?.disconnect())

    test('locks, views, news and the doctor work, and the client stays open', async () => {
      const prefix = `ioredis-5-${process.pid}:`
      const { lockStore, paymentView, changeFeed, doctor, close } = redisAdapters(client!, { prefix })
      await doctor()

      const terms = { key: 'lock-1', owner: 'a', ttlMs: 1_000 }
      const grant = await lockStore.acquire(terms)
      if (!grant.ok) throw new Error('a free key was refused')
      expect(await lockStore.renew({ ...terms, fence: grant.fence })).toBe(true)
      expect(await lockStore.release({ ...terms, fence: grant.fence })).toBe(true)

      expect(await paymentView.get({ requestIds: ['r1', 'r2'] })).toEqual([null, null])

      const seen: number[] = []
      await changeFeed.subscribe({
        channel: 'c',
        onChange: ({ version }) => seen.push(version),
        onGap: () => seen.push(0),
      })
      await changeFeed.publish({ channel: 'c', changes: [{ from: 0, version: 1, changes: [] }] })
      await expect.poll(() => seen).toEqual([1])

      await close()
      expect(client?.status).toBe('ready')
    })
  })
}
