import assert from 'node:assert/strict'
import { createMemoryCatalogue } from '../catalogue/catalogue.memory.ts'
import { createSchedules } from '../catalogue/catalogue.ts'
import type { SaleState } from '../catalogue/sale-state.ts'
import { defaultSettings, type SaleSettings } from '../catalogue/schedule.ts'
import { manualRuntime } from '../shared/contract.ts'
import { isTicketingError } from '../shared/errors.ts'
import { failClosed } from '../shared/fail-closed.ts'
import { silentObserver } from '../shared/observer.ts'
import { withParams } from '../shared/params.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { createTokens, type TokenSecret } from '../shared/token.ts'
import type { Ms } from '../shared/types.ts'
import { createAdmissionLoop } from './admission-loop.ts'
import { createMemoryAdmissionQueue } from './admission-queue.memory.ts'
import type { AdmissionQueue } from './admission-queue.port.ts'
import { commitmentOf } from './draw.ts'
import { balanced } from './line.ts'
import { createLines } from './lines.ts'
import { createPassGate } from './pass-gate.ts'
import { createWaitingRoom } from './waiting-room.ts'

export const scheduleId = 'game-1'
export const secretA: TokenSecret = { kid: 'a', secret: 'a secret of at least thirty-two characters' }
export const secretB: TokenSecret = { kid: 'b', secret: 'another secret of thirty-two characters!' }

/** One store and one record; any number of processes over them, each with its own copies, as on a real deployment. */
export async function openSale(
  p: { settings?: Partial<SaleSettings>; state?: SaleState; opensAt?: Ms; seed?: number } = {},
) {
  const runtime = manualRuntime({ seed: p.seed ?? 1 })
  const catalogue = createMemoryCatalogue({ record: createMemoryRecord(), runtime })
  const queue = createMemoryAdmissionQueue({ runtime })
  const secret = 'the secret of the draw'
  await catalogue.putSchedule({
    schedule: {
      ...{ scheduleId, venueId: 'venue-1', name: 'game', currency: 'KRW', startsAt: null, prices: {} },
      opensAt: p.opensAt === undefined ? null : runtime.now() + p.opensAt,
      state: p.state ?? 'open',
      settings: { ...defaultSettings, ...p.settings },
    },
    epoch: 'epoch-1',
    draw: { secret, commitment: commitmentOf(secret) },
    by: 'test',
  })

  const start = (q: { secrets?: readonly TokenSecret[]; queue?: AdmissionQueue } = {}) => {
    const calls = { queue: 0 }
    const port = failClosed(counted(watchedBooks(q.queue ?? queue), () => calls.queue++))
    const { schedules, records } = createSchedules({ catalogue: failClosed(catalogue), runtime })
    const tokens = createTokens({ secrets: q.secrets ?? [secretA] })
    const lines = createLines({
      queue: port,
      catalogue: failClosed(catalogue),
      records,
      runtime,
      observer: silentObserver,
    })
    const gate = createPassGate({ queue: port, lines, tokens, runtime })
    return {
      calls,
      schedules,
      records,
      lines,
      tokens,
      room: withParams(createWaitingRoom({ queue: port, lines, tokens, runtime, gate })),
      gate,
      loop: createAdmissionLoop({ lines, records, runtime }),
    }
  }
  return { runtime, catalogue, queue, start }
}

export type Sale = Awaited<ReturnType<typeof openSale>>
export type Process = ReturnType<Sale['start']>

/** Time passes in ticks of 200 ms: every process runs its loop, then `then`. */
export async function pass(
  sale: Sale,
  processes: readonly Process[],
  ms: Ms,
  then?: () => Promise<void>,
): Promise<void> {
  for (let at = 0; at < ms; at += 200) {
    sale.runtime.advance(Math.min(200, ms - at))
    for (const { loop } of processes) await loop.tick()
    await then?.()
  }
}

/** Tries again as long as the answer is BUSY, as a client does. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isTicketingError(error) || error.code !== 'BUSY') throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** W16 in every test: no document leaves the store whose books do not balance. */
function watchedBooks(queue: AdmissionQueue): AdmissionQueue {
  const check = <T extends object | string>(answer: T): T => {
    if (typeof answer === 'object' && 'counts' in answer)
      assert.ok(balanced(answer.counts as Parameters<typeof balanced>[0]), 'W16: the books do not balance')
    return answer
  }
  return {
    ...queue,
    tick: async (p) => check(await queue.tick(p)),
    configure: async (p) => check(await queue.configure(p)),
  }
}

function counted(queue: AdmissionQueue, count: () => void): AdmissionQueue {
  const call = <P, R>(method: (p: P) => Promise<R>) => {
    return (p: P): Promise<R> => {
      count()
      return method(p)
    }
  }
  return {
    join: call(queue.join),
    tick: call(queue.tick),
    claim: call(queue.claim),
    leave: call(queue.leave),
    configure: call(queue.configure),
    members: call(queue.members),
  }
}
