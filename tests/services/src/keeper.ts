import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Kafka, startKafka } from './kafka.ts'
import { type Redis, type RedisKind, startRedis } from './redis.ts'
import { endRun, runFolder } from './run-folder.ts'
import { createShared, type Shareable } from './shared.ts'
import { type SharedKafka, shareableKafka } from './shared-kafka.ts'
import { allRedis, type SharedRedis, shareableRedis } from './shared-redis.ts'
import { allSql, type SharedSql, shareableSql, withDatabases } from './shared-sql.ts'
import { type Sql, startSql } from './sql.ts'
import type { SqlKind } from './sql-software.ts'

/** Where the keeper of this run listens: test files and child processes ask it, so that each service is started once. */
const variable = 'B_TICKETING_SERVICES_KEEPER'

const services: readonly Shareable<unknown>[] = [...allRedis, ...allSql, shareableKafka]

/** Keeps the services of this run until it is closed. Nothing is started before somebody asks. */
export async function openKeeper(): Promise<{ close(): Promise<void> }> {
  runFolder()
  const shared = createShared()
  const server = createServer(async (request, response) => {
    const service = services.find(({ path }) => request.url === path)
    if (service === undefined) return void response.writeHead(404).end()
    response.setHeader('connection', 'close').end(JSON.stringify(await answerOf(shared.get(service))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.env[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    close: async () => {
      delete process.env[variable]
      server.close()
      await shared.close()
      endRun()
      for (const note of shared.notes) console.warn(note)
    },
  }
}

type Answer<A> = { readonly address: A } | { readonly why: string }

let own: ReturnType<typeof createShared> | undefined

const answerOf = <A>(found: Promise<A>): Promise<Answer<A>> =>
  found.then(
    (address) => ({ address }),
    (error: Error) => ({ why: error.message }),
  )

/** Asks the keeper of this run; a program without one (a benchmark, the demo) has its services to itself. */
async function ask<A>(service: Shareable<A>): Promise<A | null> {
  const keeper = process.env[variable]
  own ??= createShared()
  const answer: Answer<A> = keeper
    ? ((await (await fetch(`${keeper}${service.path}`)).json()) as Answer<A>)
    : await answerOf(own.get(service))
  return 'address' in answer ? answer.address : missing(service.name, answer.why)
}

/**
 * The Redis that all of this run share. Null when there is none: the caller skips what needs it, and it was said aloud.
 * @throws Error instead, with `REQUIRE_SERVICES=1`
 */
export const sharedRedis = (kind: RedisKind = 'single'): Promise<SharedRedis | null> => ask(shareableRedis(kind))

/** A Redis of one's own, to be hurt and closed by who asked for it. Null, or an error, as with `sharedRedis`. */
export const ownRedis = (kind: RedisKind = 'single', config: readonly string[] = []): Promise<Redis | null> =>
  startRedis(kind, config).catch((error: Error) => missing(`Redis (${kind})`, error.message))

/** The SQL server that all of this run share. Null, or an error, as with `sharedRedis`. */
export async function sharedSql(kind: SqlKind): Promise<SharedSql | null> {
  const address = await ask(shareableSql(kind))
  return address && withDatabases(address)
}

/** An SQL server of one's own. `config`: options of the server, e.g. `--innodb-lock-wait-timeout=1`. */
export const ownSql = (kind: SqlKind, config: readonly string[] = []): Promise<Sql | null> =>
  startSql(kind, config).catch((error: Error) => missing(shareableSql(kind).name, error.message))

/** The broker that all of this run share. Null, or an error, as with `sharedRedis`. */
export const sharedKafka = (): Promise<SharedKafka | null> => ask(shareableKafka)

/** A broker of one's own. `config`: more lines of its server.properties, e.g. `message.max.bytes=1000`. */
export const ownKafka = (config: readonly string[] = []): Promise<Kafka | null> =>
  startKafka(config).catch((error: Error) => missing(shareableKafka.name, error.message))

/** What a test that needs `name` does without it: it is skipped aloud, or fails with `REQUIRE_SERVICES=1`. */
export function missing(name: string, why: string): null {
  const line = `${name} could not be started: ${why}`
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(line)
  console.warn(`SKIPPED: ${line}`)
  return null
}
