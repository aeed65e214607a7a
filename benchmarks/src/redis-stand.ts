import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type RedisAdapterOptions, redisAdapters } from '@b-ticketing/redis-adapter'
import { ownRedis, type Redis } from '@b-ticketing/services'
import { Redis as Client } from 'ioredis'

/** A Redis of the row's own, nothing else on it. */
export async function withRedis<T>(run: (stand: RedisStand) => Promise<T>): Promise<T> {
  const redis = await ownRedis()
  assert.ok(redis, 'this row needs Redis')
  const client = new Client(redis.url)
  try {
    return await run({
      redis,
      client,
      adapters: (prefix = '', options = {}) =>
        redisAdapters({ url: redis.url }, { timeoutMs: 10_000, prefix, ...options }),
    })
  } finally {
    client.disconnect()
    await redis.close()
  }
}

export interface RedisStand {
  readonly redis: Redis
  /** For looking behind the adapters. */
  readonly client: Client
  adapters(prefix?: string, options?: RedisAdapterOptions): ReturnType<typeof redisAdapters>
}

export async function usedBytes({ client }: RedisStand): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? []
  return Number(bytes)
}

/**
 * What Redis itself can do: calls a second of a script that does nothing, `pipeline` (64) in a pipeline on each of 8 connections. Written
 * and counted as bytes, so that no client is part of it. Every figure of a row is a share of it, taken in the same run.
 */
export async function emptyScripts({ redis, client }: RedisStand, count = 300_000, pipeline = 64): Promise<number> {
  const sha = String(await client.script('LOAD', 'return 1'))
  const command = Buffer.from(`*3\r\n$7\r\nEVALSHA\r\n$40\r\n${sha}\r\n$1\r\n0\r\n`.repeat(pipeline))
  const { hostname, port } = new URL(redis.url)
  const connections = 8
  const rounds = Math.ceil(count / pipeline / connections)
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: connections }, () => pump({ host: hostname, port: Number(port) }, command, rounds, pipeline)),
  )
  return (rounds * connections * pipeline * 1_000) / (performance.now() - begun)
}

/** Sends `command` again whenever its `replies` (`:1`) are there. */
function pump(at: { host: string; port: number }, command: Buffer, rounds: number, replies: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...at, noDelay: true })
    let open = rounds
    let bytes = 0
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes < replies * 4) return
      bytes = 0
      if (--open > 0) return void socket.write(command)
      socket.destroy()
      resolve()
    })
    socket.write(command)
  })
}
