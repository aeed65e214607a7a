import { unavailable } from './fault.ts'
import type { RedisConnection, SubscriberClient } from './redis-client.ts'
import { within } from './within.ts'

/** A connection of its own for what is published, opened with the first channel and opened again whenever it breaks. */
export interface Subscriber {
  /** Returns once the server has confirmed it. @throws TicketingError `BUSY` */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): Promise<void>
  close(): Promise<void>
}

export function createSubscriber(p: {
  readonly connection: Pick<RedisConnection, 'openSubscriber' | 'timeoutMs'>
  /** What is listened to now, for whenever the connection is opened again. */
  readonly channels: () => readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  /** Subscribed again after a break, in which messages may have been lost. */
  readonly onReconnect: () => void
}): Subscriber {
  let current: SubscriberClient | null = null
  let opening: Promise<SubscriberClient> | null = null
  let closed = false
  let failures = 0
  let retry: NodeJS.Timeout | undefined

  const lost = (client: SubscriberClient): void => {
    if (current !== client) return
    current = null
    client.disconnect()
    scheduleReopen()
  }

  const scheduleReopen = (): void => {
    if (closed || p.channels().length === 0) return
    clearTimeout(retry)
    const pause = Math.min(50 * 2 ** Math.min(failures++, 6), 2_000)
    retry = setTimeout(() => open().then(p.onReconnect, scheduleReopen), pause)
    retry.unref()
  }

  const connect = async (): Promise<SubscriberClient> => {
    const client = p.connection.openSubscriber()
    client.on('error', () => {})
    try {
      await within(p.connection.timeoutMs, client.connect())
      client.on('message', p.onMessage)
      const channels = p.channels()
      if (channels.length > 0) await within(p.connection.timeoutMs, client.subscribe(...channels))
    } catch (error) {
      client.disconnect()
      throw error
    }
    if (closed) {
      client.disconnect()
      throw unavailable('the subscriber is closed')
    }
    failures = 0
    current = client
    client.on('end', () => lost(client))
    if (client.status === 'end') lost(client)
    return client
  }

  const open = async (): Promise<SubscriberClient> => {
    if (current) return current
    opening ??= connect().finally(() => {
      opening = null
    })
    return opening
  }

  // Nothing else would tell of a connection that is half open.
  const heartbeat = setInterval(() => {
    const client = current
    if (client) within(p.connection.timeoutMs, client.ping()).catch(() => lost(client))
  }, p.connection.timeoutMs)
  heartbeat.unref()

  return {
    subscribe: async (channel) => {
      try {
        const client = await open()
        await within(p.connection.timeoutMs, client.subscribe(channel))
      } catch (error) {
        throw unavailable('Redis cannot be listened to', error)
      }
    },
    unsubscribe: async (channel) => {
      if (current) await within(p.connection.timeoutMs, current.unsubscribe(channel)).catch(() => {})
    },
    close: async () => {
      closed = true
      clearInterval(heartbeat)
      clearTimeout(retry)
      current?.disconnect()
      await opening?.catch(() => {})
    },
  }
}
