import type { Id, Ms } from '../shared/types.ts'
import type { Notice } from './notice.ts'

export interface NoticeStore {
  /** Unique by (reservationId, template, copy): a repeat adds nothing. The inbox rows stand in the same transaction. */
  add(p: {
    readonly notices: readonly Notice[]
    readonly consumed: readonly { readonly consumer: Id; readonly eventId: Id }[]
  }): Promise<void>
  /** Due, unsent, not leased. */
  lease(p: {
    readonly worker: Id
    readonly limit: number
    readonly leaseMs: Ms
  }): Promise<readonly (Notice & { readonly token: Id; readonly attempts: number })[]>
  /** A token that is no longer the notice's changes nothing. */
  mark(p: {
    readonly results: readonly {
      readonly id: Id
      readonly token: Id
      readonly sent: boolean
      /** Not sent: try again then; absent: refused for good. */
      readonly retryInMs?: Ms
      readonly error?: string
    }[]
  }): Promise<void>
  /** The highest copy of a reservation's notice, −1 when there is none. */
  copies(p: { readonly reservationId: Id; readonly template: Notice['template'] }): Promise<number>
}
