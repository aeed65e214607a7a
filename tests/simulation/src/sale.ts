import type { Engine, Venue } from '@b-ticketing/core'
import type { Desk } from './desk.ts'
import type { Journal } from './journal.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { VirtualProcess } from './scheduler.ts'
import type { Witness } from './witness.ts'

/** The one sale of a simulation. */
export const scheduleId = 'the-sale'

/** What everybody who acts in a sale may use. */
export interface Stage {
  readonly plan: Plan
  readonly venue: Venue
  readonly desk: Desk
  readonly world: VirtualProcess
  readonly journal: Journal
  readonly witness: Witness
  /** Things one visitor said that others could have overheard. */
  readonly overheard: Overheard
  now(): number
}

/** Ids and credentials of others, for those who try them. */
export interface Overheard {
  readonly tickets: string[]
  readonly passes: { readonly token: string; readonly visitor: string }[]
  readonly holdIds: string[]
  readonly requestIds: string[]
  readonly reservationIds: string[]
}

export const nothingOverheard = (): Overheard => ({
  tickets: [],
  passes: [],
  holdIds: [],
  requestIds: [],
  reservationIds: [],
})

export type Call<T> = (engine: Engine) => Promise<T>

/** One actor's voice: its name in the journal, its own stream of chance. */
export interface Actor {
  readonly name: string
  readonly random: Random
}
