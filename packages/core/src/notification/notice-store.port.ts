import type { AuditNote } from '../shared/audit.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { Notice } from './notice.ts'

export type LeasedNotice = Notice & { readonly token: Id; readonly attempts: number }

export interface NoticeResult {
  readonly id: Id
  readonly token: Id
  readonly sent: boolean
  /** Not sent: due again so long after the store's now; absent: refused for good. */
  readonly retryInMs?: Ms
  readonly error?: string
}

/** Mails to be sent, in the record. Judges leases by its own clock. */
export interface NoticeStore {
  /**
   * All notices, inbox rows and the audit row in one transaction. Unique by (reservationId, template, copy): a known one is left
   * as it is, sent or not. Repeatable. Answers how many notices were not known; when none was, nothing is audited and no
   * operation is done. `repeated`: the operation was done before, and nothing is changed.
   */
  add(p: {
    readonly notices: readonly Notice[]
    readonly consumed: readonly { readonly consumer: Id; readonly eventId: Id }[]
    /** An operator's act that these notices are. */
    readonly audit?: AuditNote
    readonly operationId?: Id
  }): Promise<number | 'repeated'>
  /**
   * Due, unsent, not leased, oldest first; `attempts` counts the marks before. The lease ends `leaseMs` from the store's now;
   * two callers never get the same notice before.
   */
  lease(p: { readonly worker: Id; readonly limit: number; readonly leaseMs: Ms }): Promise<readonly LeasedNotice[]>
  /** Ends the lease. A token that is no longer the notice's changes nothing. */
  mark(p: { readonly results: readonly NoticeResult[] }): Promise<void>
  /** The highest copy of a reservation's notice, −1 when there is none. */
  copies(p: { readonly reservationId: Id; readonly template: Notice['template'] }): Promise<number>
}
