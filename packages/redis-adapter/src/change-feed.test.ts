import { type ChangeFeedSubject, changeFeedContract } from '@b-ticketing/core/conformance'
import { expect, test } from 'vitest'
import { createRedisChangeFeed } from './change-feed.ts'
import { describeRedis, type TestRedis, testSpace } from './redis.test-support.ts'
import { isCluster } from './redis-client.ts'

/** Channels of whose keys each master has one: what is published on all of them comes after all that was published before. */
async function markersOf({ client }: TestRedis, keyOf: (channel: string) => string): Promise<readonly string[]> {
  if (!isCluster(client)) return ['marker']
  const ranges = (await client.call('cluster', 'slots')) as [number, number][]
  const slotOf = (channel: string) => client.call('cluster', 'keyslot', keyOf(channel)) as Promise<number>
  const markers = new Map<number, string>()
  for (let i = 0; markers.size < ranges.length; i++) {
    const slot = await slotOf(`marker-${i}`)
    markers.set(
      ranges.findIndex(([from, to]) => from <= slot && slot <= to),
      `marker-${i}`,
    )
  }
  return [...markers.values()]
}

const subjectOf = (redis: TestRedis) => (): ChangeFeedSubject => {
  const space = testSpace(redis)
  const { keys, connection, scripts } = space
  const newFeed = () => createRedisChangeFeed<{ readonly value: number }>({ scripts, keys, connection })
  const feeds = [newFeed()]

  const arrives = async (feed: (typeof feeds)[0], channel: string): Promise<void> => {
    let arrived = () => {}
    const arrival = new Promise<void>((resolve) => (arrived = resolve))
    const { close } = await feed.subscribe({ channel, onChange: arrived, onGap: () => {} })
    await feed.publish({ channel, changes: [{ value: 0 }] })
    await arrival
    await close()
  }

  return {
    port: feeds[0]!,
    peer: () => {
      feeds.push(newFeed())
      return feeds.at(-1)!
    },
    publishLost: async (channel) => void (await space.call('hincrby', keys.feed(channel), 'seq', 1)),
    settled: async () => {
      const markers = await markersOf(redis, keys.feed)
      await Promise.all(feeds.flatMap((feed) => markers.map((marker) => arrives(feed, marker))))
    },
    close: async () => {
      await Promise.all(feeds.map((feed) => feed.close()))
      await space.forget()
    },
  }
}

await describeRedis('ChangeFeed', (redis) => {
  for (const { name, run } of changeFeedContract(subjectOf(redis))) test(name, run)

  const listen = async (feed: ChangeFeedSubject['port']) => {
    const seen: (number | 'gap')[] = []
    await feed.subscribe({ channel: 'c', onChange: ({ value }) => seen.push(value), onGap: () => seen.push('gap') })
    return seen
  }

  test('numbers that were lost are not used again: readers are told of a gap', async () => {
    const { keys, connection, realTime, forget } = testSpace(redis)
    const feed = createRedisChangeFeed<{ value: number }>({ scripts: realTime, keys, connection })
    const seen = await listen(feed)
    await feed.publish({ channel: 'c', changes: [{ value: 1 }, { value: 2 }] })
    await forget()
    await feed.publish({ channel: 'c', changes: [{ value: 3 }] })
    await expect.poll(() => seen).toEqual([1, 2, 'gap', 3])
    await feed.close()
    await forget()
  })

  test('what others publish on the channel disturbs nobody', async () => {
    const { keys, connection, scripts, call, forget } = testSpace(redis)
    const feed = createRedisChangeFeed<{ value: number }>({ scripts, keys, connection })
    const seen = await listen(feed)
    for (const noise of ['', 'hello', '7 {', '8 {"a":1}']) await call('publish', keys.feedNews('c'), noise)
    await feed.publish({ channel: 'c', changes: [{ value: 1 }] })
    await expect.poll(() => seen).toEqual([1])
    await feed.close()
    await forget()
  })
})
