import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateBallpark, renderStateTable } from '@b-ticketing/core'
import { sharedKafka, sharedRedis, sharedSql } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { buyWithCurl } from './snippets/curl.ts'
import { embed } from './snippets/embed.ts'
import { openEngine as openEngineOnKafka } from './snippets/kafka.ts'
import { borrow } from './snippets/kafka-borrowed.ts'
import { openEngine as openEngineOnMysql } from './snippets/mysql.ts'
import { cases } from './snippets/own-adapter.ts'
import { openEngine } from './snippets/redis.ts'
import { refreshed, shownIn } from './snippets/regions.ts'

const root = join(import.meta.dirname, '..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'packages/redis-adapter/README.md',
  'packages/kafka-adapter/README.md',
  'packages/mysql-adapter/README.md',
]
  .concat(readdirSync(import.meta.dirname, { recursive: true }).map((file) => join('docs', String(file))))
  .filter((file) => file.endsWith('.md'))

const read = (page: string): string => readFileSync(join(root, page), 'utf8')

describe.each(pages)('%s', (page) => {
  // `UPDATE_DOCS=1 npm test -- docs` writes the snippets into the pages.
  test('shows its snippets as they are', () => {
    const fresh = refreshed(read(page))
    if (process.env.UPDATE_DOCS) writeFileSync(join(root, page), fresh)
    expect(read(page)).toBe(fresh)
  })

  test('links to files that exist', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target)
    expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([])
  })
})

test('the README shows how to embed the engine and how to write an adapter', () => {
  expect(shownIn(read('README.md')).map(({ file }) => file)).toEqual(['embed.ts', 'own-adapter.ts'])
})

test('the embedding snippet sells seats', async () => {
  const said: string[] = []
  await embed((line) => said.push(line))
  expect(said).toEqual(['PENDING', 'COMPLETED'])
})

test('the Redis snippet opens an engine whose locks are in Redis', async (context) => {
  const shared = await sharedRedis()
  if (shared === null) return context.skip()
  const redis = new Redis(shared.url)
  const engine = await openEngine(redis, 'a secret of at least 32 characters for this test')
  const lease = await engine.locks.acquireLockWithSharding({ resource: `docs-${process.pid}` })
  expect(await lease.release()).toBe(true)
  await engine.close()
  expect(redis.status).toBe('ready')
  redis.disconnect()
})

test('the Kafka snippets open an engine that listens to Kafka, and borrow a client', {
  timeout: 60_000,
}, async (context) => {
  const shared = await sharedKafka()
  if (shared === null) return context.skip()
  const engine = await openEngineOnKafka([...shared.brokers], 'a secret of at least 32 characters for this test')
  await engine.start()
  await engine.close()
  await borrow([...shared.brokers]).close()
})

test('the MySQL snippet opens an engine whose schedules are in MySQL, on a pool that stays open', {
  timeout: 60_000,
}, async (context) => {
  const shared = await sharedSql('mysql')
  if (shared === null) return context.skip()
  const database = await shared.createDatabase()
  const pool = createPool({ uri: database.uri })
  const engine = await openEngineOnMysql(pool, 'a secret of at least 32 characters for this test')
  await engine.schedules.create({ scheduleId: 'game-1', venue: generateBallpark({ seats: 10 }) })
  await engine.close()
  expect((await pool.query('SELECT schedule_id FROM bt_schedule'))[0]).toEqual([{ schedule_id: 'game-1' }])
  await pool.end()
  await database.drop()
})

describe('the adapter snippet passes the conformance kit', () => {
  for (const { name, run } of cases) test(name, run)
})

test('the state table in the guarantees is the one in the code', () => {
  const page = join(root, 'docs/payment-states.md')
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      page,
      `${readFileSync(page, 'utf8').split('<!-- table -->')[0]}<!-- table -->\n\n${renderStateTable().trim()}\n`,
    )
  expect(readFileSync(page, 'utf8')).toContain(renderStateTable().trim())
})

test('the curl walk of getting-started buys a seat', { timeout: 60_000 }, async () => {
  expect(await buyWithCurl(read('docs/getting-started.md'))).toMatch(/"status":"COMPLETED"/)
})
