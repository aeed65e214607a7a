import type { Id, Ms } from './types.ts'

/** Who did what to what, and when: a row of the record's trail, which is only ever added to. */
export interface AuditRow {
  readonly id: Id
  readonly at: Ms
  /** Who: `operator`, `loop`, or the host's own name. */
  readonly by: Id
  readonly action: string
  readonly subject: Id
  readonly detail: Readonly<Record<string, unknown>>
}

/** A row as its act brings it: the store adds id and time in the transaction of the act, or neither happens. */
export type AuditNote = Pick<AuditRow, 'by' | 'action' | 'subject' | 'detail'>
