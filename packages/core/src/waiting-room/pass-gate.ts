import { createBatch } from '../shared/batch.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Tokens } from '../shared/token.ts'
import type { AdmissionQueue, PlaceReply } from './admission-queue.port.ts'
import type { Lines } from './lines.ts'
import { type Pass, type PassGate, verifyPass } from './pass.ts'

export interface PassGateDeps {
  readonly queue: Pick<AdmissionQueue, 'claim'>
  readonly lines: Pick<Lines, 'peek' | 'inEpoch' | 'step'>
  readonly tokens: Tokens
  readonly runtime: Pick<Runtime, 'now' | 'defer'>
}

export function createPassGate({ queue, lines, tokens, runtime }: PassGateDeps): PassGate {
  const check = createBatch<Pass, PlaceReply>({
    runtime,
    run: (key, passes) => {
      const [scheduleId, epoch] = key.split('/') as [string, string]
      const places = passes.map(({ number, visitor, expiresAt }) => ({ number, visitor, until: expiresAt }))
      return lines.step(scheduleId, () => queue.claim({ scheduleId, epoch, mode: 'check', places }))
    },
  })

  /** A pass is what its token says: an object that claims anything else was not made by us. */
  const genuine = (value: Pass): Pass => {
    const pass = verifyPass(tokens, value?.token)
    const fields = ['scheduleId', 'epoch', 'number', 'visitor', 'expiresAt'] as const
    if (!pass || fields.some((field) => pass[field] !== value[field]))
      throw new TicketingError('PASS_REQUIRED', 'this is not a pass')
    if (runtime.now() >= pass.expiresAt) throw passExpired()
    return pass
  }

  return {
    glance: async (p) => {
      const pass = genuine(p.pass)
      const { epoch } = lines.peek(pass.scheduleId)?.record ?? pass
      if (epoch !== pass.epoch && !(await lines.inEpoch(pass))) throw passExpired()
    },
    demand: async (p) => {
      const pass = genuine(p.pass)
      const reply = await check(`${pass.scheduleId}/${pass.epoch}`, pass)
      if (reply.is !== 'active') throw passExpired()
    },
  }
}

export const passExpired = (): TicketingError => new TicketingError('PASS_EXPIRED', 'the pass is over')
