import { TicketingError } from '@b-ticketing/core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { RedisClient } from './redis-client.ts'

interface Address {
  readonly topology: 'single' | 'sentinel' | 'cluster'
  readonly tls: boolean
  readonly username?: string
  readonly password?: string
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  /** The master's name (sentinel). */
  readonly name?: string
  readonly db: number
}

const pattern = /^redis(s?)(-sentinel|-cluster)?:\/\/(?:([^@/]*)@)?([^@/?#]+)((?:\/[^/?#]*)*)$/

/**
 * - `redis://[[user]:password@]host[:port][/db]`
 * - `redis-sentinel://[[user]:password@]host:port,host:port/master-name[/db]`
 * - `redis-cluster://[[user]:password@]host:port,host:port`
 *
 * `rediss…` is the same over TLS.
 * @throws TicketingError `CONFIG_INVALID`, without the password
 */
export function parseRedisUrl(url: unknown): Address {
  if (typeof url !== 'string') throw invalid('a Redis URL is a string')
  const [, s, kind = '', login, list, path = ''] = pattern.exec(url) ?? []
  if (list === undefined) throw invalid('a Redis URL is redis://, redis-sentinel:// or redis-cluster:// with hosts')
  const topology = kind === '' ? 'single' : kind === '-sentinel' ? 'sentinel' : 'cluster'
  const hosts = list.split(',').map((text) => parseHost(text, topology === 'sentinel' ? 26379 : 6379))
  if (topology === 'single' && hosts.length > 1) throw invalid('redis:// names one host')
  const parts = path.split('/').slice(1)
  const name = topology === 'sentinel' ? parts.shift() : undefined
  if (topology === 'sentinel' && !name) throw invalid('redis-sentinel:// ends with /<master name>')
  const [db = '0', ...rest] = parts.filter((part) => part !== '')
  if (rest.length > 0 || !/^\d{1,5}$/.test(db))
    throw invalid('the path of a Redis URL ends with the number of its database')
  if (topology === 'cluster' && db !== '0') throw invalid('a cluster has database 0 only')
  return { topology, tls: s === 's', hosts, db: Number(db), ...(name && { name }), ...parseLogin(login) }
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, v6, v4, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = v6 ?? v4
  if (!host || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1)
    throw invalid('a host of the Redis URL is not host[:port]')
  return { host, port: port === undefined ? defaultPort : Number(port) }
}

function parseLogin(login: string | undefined): { username?: string; password?: string } {
  if (!login) return {}
  const colon = login.indexOf(':')
  try {
    const [username, password] = [login.slice(0, Math.max(0, colon)), login.slice(colon + 1)].map(decodeURIComponent)
    return { ...(username && { username }), ...(password && { password }) }
  } catch (error) {
    throw invalid('user and password of a Redis URL are percent-encoded', error)
  }
}

const invalid = (message: string, cause?: unknown): TicketingError =>
  new TicketingError('CONFIG_INVALID', message, { cause })

/**
 * A client with the settings that keep it honest: no command is sent twice or kept for later, none waits without end, and a
 * connection on which nothing comes any more is given up. Whoever opens it listens to its errors.
 */
export function openClient(url: unknown, timeoutMs: number): RedisClient {
  const { topology, tls, hosts, name, db, username, password } = parseRedisUrl(url)
  const options = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A demoted master is left at once.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions
  const retry = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 1_000)
  const single = { ...options, db, enableOfflineQueue: false, retryStrategy: retry }
  return topology === 'cluster'
    ? new Cluster([...hosts], {
        redisOptions: options,
        enableOfflineQueue: false,
        clusterRetryStrategy: retry,
        slotsRefreshTimeout: timeoutMs,
      })
    : topology === 'sentinel'
      ? new Redis({
          ...single,
          sentinels: [...hosts],
          ...(name !== undefined && { name }),
          sentinelCommandTimeout: timeoutMs,
          failoverDetector: true,
          enableTLSForSentinelMode: tls,
        })
      : new Redis({ ...single, ...hosts[0] })
}
