import { demandId } from '@b-ticketing/core'
import { followSeq } from '@b-ticketing/core/adapter-kit'
import type { ChangeFeed, Id } from '@b-ticketing/core/ports'
import { type Keys, keptMs } from './keys.ts'
import type { RedisConnection } from './redis-client.ts'
import { loadScript, type ScriptRunner } from './script.ts'
import { createSubscriber } from './subscriber.ts'

const publishChanges = loadScript('publish-changes')
const readSeq = loadScript('read-seq')

type Reader<T> = Parameters<ChangeFeed<T>['subscribe']>[0] & { last: number | null; listening: boolean }

export interface RedisChangeFeed<T> extends ChangeFeed<T> {
  close(): Promise<void>
}

/** Changes over pub/sub. One connection listens for all readers of a process. */
export function createRedisChangeFeed<T>(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'feed' | 'feedNews'>
  readonly connection: Pick<RedisConnection, 'openSubscriber' | 'timeoutMs'>
}): RedisChangeFeed<T> {
  const { scripts, keys } = p
  const readers = new Map<string, Set<Reader<T>>>()

  const subscriber = createSubscriber({
    connection: p.connection,
    channels: () => [...readers.keys()],
    onMessage: (news, message) => {
      const { first, changes } = parse<T>(message)
      for (const reader of [...(readers.get(news) ?? [])]) {
        for (const [i, change] of changes.entries()) tell(reader, change, first + i)
      }
    },
    // What was published in between is lost; where the numbers stand by now the next change will show.
    onReconnect: () => {
      for (const reader of [...readers.values()].flatMap((some) => [...some])) {
        reader.last = null
        if (reader.listening) tellGap(reader)
      }
    },
  })

  const lastSeq = async (channel: Id): Promise<number | null> =>
    (await scripts.run(readSeq, { keys: [keys.feed(channel)] })) as number | null

  return {
    async publish({ channel, changes }) {
      demandId(channel, 'channel')
      if (changes.length === 0) return
      const args = [keys.feedNews(channel), changes.length, JSON.stringify(changes), keptMs]
      await scripts.run(publishChanges, { keys: [keys.feed(channel)], args })
    },

    async subscribe(wanted) {
      const news = keys.feedNews(demandId(wanted.channel, 'channel'))
      const reader: Reader<T> = { ...wanted, last: null, listening: false }
      const others = readers.get(news) ?? new Set()
      readers.set(news, others.add(reader))
      const leave = async () => {
        reader.listening = false
        others.delete(reader)
        if (others.size > 0 || readers.get(news) !== others) return
        readers.delete(news)
        await subscriber.unsubscribe(news)
      }
      try {
        await subscriber.subscribe(news)
        // From here on the number of a lost change is missed.
        reader.last = await lastSeq(wanted.channel)
        reader.listening = true
      } catch (error) {
        await leave()
        throw error
      }
      return { close: leave }
    },

    close: subscriber.close,
  }
}

/** What is not ours has no changes; a number that it stands for is missed by the next one. */
function parse<T>(message: string): { readonly first: number; readonly changes: readonly T[] } {
  const space = message.indexOf(' ')
  try {
    const changes: unknown = JSON.parse(message.slice(space + 1))
    return { first: Number(message.slice(0, space)), changes: Array.isArray(changes) ? changes : [] }
  } catch {
    return { first: 0, changes: [] }
  }
}

/** A reader that throws has missed the change, which is what a gap means; it never disturbs the others. */
function tell<T>(reader: Reader<T>, change: T, seq: number): void {
  if (!reader.listening) return
  const is = followSeq(reader.last, seq)
  if (is === 'old') return
  reader.last = seq
  try {
    if (is === 'gap') reader.onGap()
    reader.onChange({ ...change, seq })
  } catch {
    tellGap(reader)
  }
}

function tellGap<T>(reader: Reader<T>): void {
  try {
    reader.onGap()
  } catch {
    // It cannot be told; its next read of the store tells it.
  }
}
