import { randomBytes } from 'node:crypto'
import { sharedKafka, sharedRedis, sharedSql } from '@b-ticketing/services'
import { afterAll, describe, expect, test } from 'vitest'
import { endsOf, failpointOf, steps } from './failpoints.ts'
import { openStage, type Stage } from './stage.ts'

const [redis, sql, kafka] = await Promise.all([sharedRedis(), sharedSql('mysql'), sharedKafka()])
const missing = redis === null || sql === null || kafka === null

const stages = new Set<Stage>()
const free: Stage[] = []

afterAll(async () => {
  await Promise.all([...stages].map((stage) => stage.close()))
})

/** A sale that nobody else is at: there are as many as tests run at once. */
async function takeStage(): Promise<Stage> {
  const known = free.pop()
  if (known) return known
  const { uri } = await sql!.createDatabase()
  const scheduleId = `chaos-${randomBytes(6).toString('hex')}`
  const stage = await openStage({ scheduleId, redisUrl: redis!.url, mysqlUrl: uri, brokers: kafka!.brokers })
  stages.add(stage)
  return stage
}

describe.skipIf(missing)(
  'I1–I7, I11–I14, S3: kill -9 after a step, then a restart: nothing lost, nothing twice',
  () => {
    test.concurrent.each(steps)('$name', { timeout: 180_000 }, async (step) => {
      const stage = await takeStage()
      const first = steps.find(({ name }) => name === (step.takesOverFrom ?? step.name))!
      try {
        expect(await stage.dieAt(failpointOf(first), step.journey)).toBe('SIGKILL')
        if (step.takesOverFrom) expect(await stage.dieAgainAt(failpointOf(step))).toBe('SIGKILL')
        expect(await stage.comeToRest()).toEqual([])
        expect(endsOf(step)).toContain(await stage.outcomeOf())
        free.push(stage)
      } finally {
        // What went wrong here is not the next one's.
        if (!free.includes(stage)) {
          stages.delete(stage)
          await stage.close()
        }
      }
    })
  },
)
