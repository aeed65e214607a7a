import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Redis, type RedisKind, redisKinds, startRedis } from './redis.ts'
import { endRun, runFolder } from './run-folder.ts'
import { createSharedRedis, type SharedRedis } from './shared-redis.ts'

/** Where the keeper of this run listens: test files and child processes ask it, so that each service is started once. */
const variable = 'B_TICKETING_SERVICES_KEEPER'

/** Keeps the services of this run until it is closed. Nothing is started before somebody asks. */
export async function openKeeper(): Promise<{ close(): Promise<void> }> {
  runFolder()
  const shared = createSharedRedis()
  const server = createServer(async (request, response) => {
    const kind = redisKinds.find((known) => request.url === `/redis/${known}`)
    if (kind === undefined) return void response.writeHead(404).end()
    response.setHeader('connection', 'close').end(JSON.stringify(await answerOf(shared.get(kind))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.env[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    close: async () => {
      delete process.env[variable]
      server.close()
      await shared.close()
      endRun()
    },
  }
}

type Answer = { readonly redis: SharedRedis } | { readonly why: string }

let own: ReturnType<typeof createSharedRedis> | undefined

const answerOf = (found: Promise<SharedRedis>): Promise<Answer> =>
  found.then(
    (redis) => ({ redis }),
    (error: Error) => ({ why: error.message }),
  )

/** Asks the keeper of this run; a program without one (a benchmark, the demo) has its services to itself. */
async function ask(kind: RedisKind): Promise<Answer> {
  const keeper = process.env[variable]
  if (keeper !== undefined) return (await fetch(`${keeper}/redis/${kind}`)).json() as Promise<Answer>
  own ??= createSharedRedis()
  return answerOf(own.get(kind))
}

/**
 * The Redis that all of this run share. Null when there is none: the caller skips what needs it, and it was said aloud.
 * @throws Error instead, with `REQUIRE_SERVICES=1`
 */
export async function sharedRedis(kind: RedisKind = 'single'): Promise<SharedRedis | null> {
  const answer = await ask(kind)
  return 'redis' in answer ? answer.redis : missing(kind, answer.why)
}

/** A Redis of one's own, to be hurt and closed by who asked for it. Null, or an error, as with `sharedRedis`. */
export const ownRedis = (kind: RedisKind = 'single', config: readonly string[] = []): Promise<Redis | null> =>
  startRedis(kind, config).catch((error: Error) => missing(kind, error.message))

function missing(kind: RedisKind, why: string): null {
  const line = `Redis (${kind}) could not be started: ${why}`
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(line)
  console.warn(`SKIPPED: ${line}`)
  return null
}
