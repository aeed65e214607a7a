import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayWebhook } from '@b-ticketing/core/ports'
import { type EngineChild, Refused, startEngine } from './engine-child.ts'
import type { Failpoint, Terms } from './engine-talk.ts'
import type { Journey } from './failpoints.ts'
import { type Ground, openGround } from './ground.ts'
import { wrongs } from './verdicts.ts'
import { journeys, type Way } from './visitor.ts'

/** Longer than the lease of a payment, of an outbox lane and of a pin; the second step ends holds and the lease of a notice. */
const stepMs = 31_000
/** Kafka may first have to give up the process that died before. */
const patienceMs = 60_000
const settings = { holdTtlSeconds: 60, passTtlSeconds: 3_600, capacity: null, ratePerMinute: null }

/** One sale on real services with one process, which is killed again and again. Clocks are moved instead of waited for. */
export interface Stage {
  readonly ground: Ground
  /** Where a new visitor begins; the process that is up, or another one. */
  arrive(): Promise<Way>
  advance(ms: number): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Its end: `SIGKILL` when it reached the failpoint. */
  dieAt(failpoint: Failpoint, journey: Journey): Promise<string>
  /** The process that takes over dies there, doing what the one before left undone. */
  dieAgainAt(failpoint: Failpoint): Promise<string>
  /** The process that is up, or another one; when leases are over and all is done: what is wrong, but for what may be. */
  comeToRest(p?: { readonly mayBe: RegExp }): Promise<readonly string[]>
  /** What the record says of the payment of a visitor (default: the newest): state, reason, refund. Null: there is none. */
  outcomeOf(visitor?: string): Promise<string | null>
  close(): Promise<void>
}

export async function openStage(p: {
  readonly scheduleId: string
  readonly redisUrl: string
  readonly mysqlUrl: string
  readonly brokers: readonly string[]
  /** Default: webhooks are lost. */
  readonly hear?: (webhook: GatewayWebhook, stage: Stage) => Promise<void>
}): Promise<Stage> {
  const { hear, ...services } = p
  const { scheduleId } = services
  const ground = await openGround({
    ...{ ...services, seats: 400, settings },
    ...(hear && { hear: (webhook: GatewayWebhook) => hear(webhook, stage) }),
  })
  let aheadMs = 0
  let visitors = 0
  let engine: EngineChild | null = null

  const start = async (dies: Failpoint | null = null): Promise<EngineChild> => {
    const { gatewayUrl, smtpUrl } = ground
    const terms: Terms = {
      ...{ redisUrl: p.redisUrl, mysqlUrl: p.mysqlUrl, brokers: p.brokers, prefix: `${scheduleId}-` },
      ...{ gatewayUrl, smtpUrl, sessionTimeoutMs: 3_000, aheadMs, dies },
    }
    engine = await startEngine(terms)
    return engine
  }

  const alive = async (): Promise<EngineChild> => {
    if (engine?.alive) return engine
    const first = await start()
    const { venue } = ground
    await first.call('schedules', 'create', { scheduleId, venue, prices: {}, state: 'open', settings }).catch(exists)
    return first
  }

  const arrive = async (): Promise<Way> => ({ engine: await alive(), scheduleId, visitor: `fan-${++visitors}` })

  const advance = async (ms: number): Promise<void> => {
    aheadMs += ms
    if (engine?.alive) await engine.call('house', 'advance', { ms })
  }

  /** Payments decided, refunds done, messages published. */
  const decided = async (): Promise<boolean> => {
    const [row] = await ground.rows<{ open: number }>(
      'SELECT (SELECT COUNT(*) FROM bt_payment WHERE due_at IS NOT NULL) + (SELECT COUNT(*) FROM bt_outbox) AS open',
    )
    return Number(row?.open) === 0
  }

  const stage: Stage = {
    ground,
    arrive,
    advance,
    kill: async () => engine?.kill(),

    async dieAt(failpoint, journey) {
      const way = await arrive()
      await way.engine.call('house', 'arm', failpoint)
      const failed = journeys[journey](way).then(
        () => null,
        (error: Error) => error,
      )
      // Beyond what the visitor sees there is the mail.
      const end = await Promise.race([way.engine.ended, sleep(patienceMs, 'it lives', { ref: false })])
      if (end === 'it lives') return `it lives: ${await failed}, ${way.engine.lines.slice(-10).join(' | ')}`
      if (journey === 'extend') aheadMs += 1_000
      return end
    },

    async dieAgainAt(failpoint) {
      aheadMs += stepMs
      const one = await start(failpoint).catch((error: Error) => error)
      // It may die before its loops have all begun.
      if (one instanceof Error) return /\((SIGKILL)\)/.exec(one.message)?.[1] ?? one.message
      return Promise.race([one.ended, sleep(patienceMs, 'it lives', { ref: false })])
    },

    async comeToRest({ mayBe } = { mayBe: /^$/ }) {
      await advance(stepMs)
      const one = await alive()
      const { lines } = one
      const deadline = Date.now() + patienceMs
      while (!(await decided())) {
        if (Date.now() > deadline) return ['it does not come to rest', ...lines.slice(-10)]
        await sleep(100)
      }
      await advance(stepMs)
      let found: readonly string[] = []
      do {
        await one.call('house', 'tick', {}).catch(busy)
        found = (await wrongs(ground, one, Date.now() + aheadMs)).filter((wrong) => !mayBe.test(wrong))
        if (found.length === 0) return []
        await sleep(100)
      } while (Date.now() < deadline)
      return [...found, ...lines.slice(-10)]
    },

    async outcomeOf(visitor = `fan-${visitors}`) {
      const rows = await ground.rows<{ visitor: string; state: string; refund: string; reason: string | null }>(
        'SELECT visitor, state, refund, reason FROM bt_payment WHERE seq IS NOT NULL',
      )
      const row = rows.find((one) => one.visitor === visitor)
      if (!row) return null
      return [row.state, row.reason ?? [], row.refund === 'none' ? [] : `refund ${row.refund}`].flat().join(', ')
    },

    async close() {
      await engine?.kill()
      await ground.close()
    },
  }
  return stage
}

const allow =
  (...codes: readonly string[]) =>
  (error: unknown): void => {
    if (!(error instanceof Refused && codes.includes(error.code))) throw error
  }
const exists = allow('EXISTS')
const busy = allow('BUSY')
