import { TicketingError } from '@b-ticketing/core'
import { asFault, isNoDatabase, unavailable, unreachable } from './fault.ts'
import { within } from './within.ts'

export type RedisValue = string | number | Buffer

/** What we call of an ioredis client. A `Redis` (standalone or behind Sentinel) and a `Cluster` both have it. */
export type RedisClient = StandaloneClient | ClusterClient

/** What changes what we send or are answered. */
interface ClientOptions {
  readonly keyPrefix?: string | undefined
  readonly enableAutoPipelining?: boolean | undefined
  readonly stringNumbers?: boolean | undefined
}

interface AnyClient {
  readonly status: string
  readonly options: ClientOptions & { readonly redisOptions?: ClientOptions | undefined }
  call(command: string, ...args: RedisValue[]): Promise<unknown>
  callBuffer(command: string, ...args: RedisValue[]): Promise<unknown>
  connect(): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'ready', listener: () => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  quit(): Promise<unknown>
  disconnect(): void
}

export interface StandaloneClient extends AnyClient {
  duplicate(options: typeof subscriberOptions): SubscriberClient
}

export interface ClusterClient extends AnyClient {
  nodes(role: 'all' | 'master'): StandaloneClient[]
}

export const isCluster = (client: RedisClient): client is ClusterClient => 'nodes' in client

/** A connection that listens. */
export interface SubscriberClient {
  readonly status: string
  connect(): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  ping(): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  disconnect(): void
}

/** It is opened anew by its owner, who has to know of every break. */
const subscriberOptions = {
  lazyConnect: true,
  retryStrategy: null,
  autoResubscribe: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  readOnly: false,
} as const

/** A command, and whether the strings of its reply are Buffers. */
type Send = (command: string, args: readonly RedisValue[], binary?: boolean) => Promise<unknown>

/** The one way to Redis: every call ends within the bound, in its reply or in a typed error. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Most that one command takes, waiting for the client included. */
  readonly timeoutMs: number
  /** Runs `work` once the client is ready. @throws TicketingError `BUSY`, `STORE_FAULT`, `CLOSED`, `CONFIG_INVALID` */
  command<T>(work: (send: Send) => Promise<T>): Promise<T>
  /** A new connection, not yet connected; in a cluster to any of its nodes. @throws TicketingError `BUSY` */
  openSubscriber(): SubscriberClient
  /** Closes the client if it is owned. Repeatable. */
  close(): Promise<void>
}

/** A borrowed client stays open at `close`; an owned one is closed. */
export function createConnection(p: {
  readonly client: RedisClient
  readonly owned: boolean
  readonly timeoutMs: number
}): RedisConnection {
  const { client } = p
  let closed = false
  let awaited: Promise<void> | null = null
  let trouble: Error | null = null

  const hear = (error: Error): void => {
    if (!isNoDatabase(trouble)) trouble = error
  }
  const forget = (): void => {
    if (!isNoDatabase(trouble)) trouble = null
  }
  // A client of ours is heard from its first attempt on (without a listener ioredis prints each); a borrowed one, whose owner
  // may want just that, while somebody waits for it.
  if (p.owned) {
    client.on('error', hear)
    client.on('ready', forget)
  }

  const send: Send = (command, args, binary = false) =>
    binary ? client.callBuffer(command, ...args) : client.call(command, ...args)

  const becomesReady = async (): Promise<void> => {
    if (!p.owned) client.on('error', hear)
    await new Promise<void>((resolve) => client.once('ready', resolve))
    if (!p.owned) {
      client.off('error', hear)
      forget()
    }
    awaited = null
  }

  /** One listener however many wait. */
  const ready = async (): Promise<void> => {
    if (closed || client.status === 'end') throw new TicketingError('CLOSED', 'the Redis client is closed')
    if (client.status === 'ready') return
    awaited ??= becomesReady()
    if (client.status === 'wait') client.connect().catch(() => {})
    await awaited
  }

  const command = async <T>(work: (send: Send) => Promise<T>): Promise<T> => {
    let over = false
    const run = async (): Promise<T> => {
      if (closed || client.status !== 'ready') await ready()
      // What nobody waits for any more must not run later: a queue of the client's would do just that.
      if (over) throw unavailable('the time was over before Redis was ready')
      if (isNoDatabase(trouble)) throw noDatabase(trouble)
      return work(send)
    }
    try {
      return await within(p.timeoutMs, run(), (ms) => unreachable(ms, client.status === 'ready' ? null : trouble))
    } catch (error) {
      over = true
      throw asFault(error)
    }
  }

  return {
    client,
    timeoutMs: p.timeoutMs,
    command,
    openSubscriber: () => {
      const nodes = isCluster(client) ? client.nodes('all') : [client]
      const node = nodes[Math.floor(Math.random() * nodes.length)]
      if (node === undefined) throw unavailable('no node of the cluster is known')
      return node.duplicate(subscriberOptions)
    },
    close: async () => {
      if (closed) return
      closed = true
      if (!p.owned) return
      await within(p.timeoutMs, client.quit()).catch(() => {})
      client.disconnect()
    },
  }
}

const noDatabase = (cause: Error | null): TicketingError =>
  new TicketingError('CONFIG_INVALID', 'this Redis has no database of that number', { cause })
