import { randomUUID } from 'node:crypto'
import { type RedisKind, redisKinds, sharedRedis } from '@b-ticketing/services'
import { afterAll, describe } from 'vitest'
import { createKeys, type Keys } from './keys.ts'
import { createConnection, isCluster, type RedisClient, type RedisConnection } from './redis-client.ts'
import { openClient } from './redis-url.ts'
import { createScriptRunner, type ScriptRunner } from './script.ts'

/** The Redis that the files of a run share, and a client of this file's own. */
export interface TestRedis {
  readonly kind: RedisKind
  readonly url: string
  readonly client: RedisClient
  readonly connection: RedisConnection
}

/** What one test has to itself: keys under a prefix that nobody else uses, and a clock that it moves. */
export interface TestSpace {
  readonly prefix: string
  readonly keys: Keys
  readonly connection: RedisConnection
  readonly scripts: ScriptRunner
  readonly clock: { now(): number }
  /** Runs scripts by Redis's own clock. */
  readonly realTime: ScriptRunner
  now(): number
  advance(ms: number): void
  /** A command that looks behind the adapter; the key comes first. */
  call(command: string, key: string, ...args: (string | number)[]): Promise<unknown>
  /** Deletes every key of this test: what a loss of data is to it. */
  forget(): Promise<void>
}

/** Runs `body` on each kind of Redis, or skips it aloud. Servers are started once per run, when the first file asks. */
export async function describeRedis(
  name: string,
  body: (redis: TestRedis) => void,
  kinds: readonly RedisKind[] = redisKinds,
): Promise<void> {
  for (const kind of kinds) {
    const shared = await sharedRedis(kind)
    describe.skipIf(shared === null)(`${name} (Redis, ${kind})`, () => {
      if (shared === null) return void describe.todo('needs Redis')
      const client = openClient(shared.url, 5_000)
      const connection = createConnection({ client, owned: true, timeoutMs: 5_000 })
      afterAll(() => connection.close())
      body({ kind, url: shared.url, client, connection })
    })
  }
}

export function testSpace(redis: Pick<TestRedis, 'connection'>): TestSpace {
  const { connection } = redis
  const prefix = `test-${randomUUID()}:`
  let now = 1_800_000_000_000
  const clock = { now: () => now }
  return {
    prefix,
    keys: createKeys(prefix),
    connection,
    scripts: createScriptRunner({ connection, clock }),
    realTime: createScriptRunner({ connection }),
    clock,
    now: clock.now,
    advance: (ms) => {
      now += ms
    },
    call: (command, key, ...args) => connection.command((send) => send(command, [key, ...args])),
    forget: () => forget(connection.client, prefix),
  }
}

async function forget(client: RedisClient, prefix: string): Promise<void> {
  const masters = isCluster(client) ? client.nodes('master') : [client]
  for (const master of masters) {
    let cursor = '0'
    do {
      const [next, keys] = (await master.call('scan', cursor, 'match', `${prefix}*`, 'count', 1_000)) as [
        string,
        string[],
      ]
      cursor = next
      for (const key of keys) await client.call('unlink', key)
    } while (cursor !== '0')
  }
}
