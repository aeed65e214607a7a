import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type LineWatch, look, newLineWatch } from './line-watch.ts'

const lookEveryMs = 100

/** Looks at the line as it lies in Redis, again and again: behind the back of every server. */
export function watchRedisLine(p: { readonly url: string; readonly scheduleId: string }): {
  readonly seen: LineWatch
  stop(): Promise<void>
} {
  const redis = new Redis(p.url, { maxRetriesPerRequest: 1 })
  const seen = newLineWatch()
  let stopped = false
  const run = async (): Promise<void> => {
    while (!stopped) {
      const fields = await redis.hgetall(`queue:{${p.scheduleId}}`)
      if (fields.tail !== undefined) look(lineOf(fields), seen)
      await sleep(lookEveryMs)
    }
  }
  const ended = run()
  ended.catch(() => {})
  return {
    seen,
    stop: async () => {
      stopped = true
      await ended
      redis.disconnect()
    },
  }
}

/** Places that Redis lost are counted apart: as active until their passes are over, then as expired. */
export function lineOf(fields: Readonly<Record<string, string>>): Parameters<typeof look>[0] {
  const n = (name: string): number => Number(fields[name] || 0)
  const lost = Math.min(n('lost'), n('forgotten'))
  return {
    capacity: fields.capacity ? n('capacity') : null,
    counts: {
      ...{ joined: n('tail'), prequeued: 0, admittedThrough: n('through'), currentGroup: 0 },
      ...{ waiting: n('waiting'), offered: n('offered'), active: n('active') + lost, lapsed: n('lapsed') },
      ...{ late: n('late'), done: n('done'), expired: n('expired') + n('forgotten') - lost, left: n('left') },
    },
  }
}
