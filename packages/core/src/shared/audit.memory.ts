import type { AuditNote, AuditRow } from './audit.ts'
import { defineTable, type MemoryRecord } from './record.memory.ts'
import type { Ms } from './types.ts'

/** By id, oldest first: append-only. */
export const auditRows = defineTable<AuditRow>('audit')

/** Acts of operators that are done, by operation id. */
export const acts = defineTable<true>('act')

/** Writes a row in the caller's own synchronous stretch: the transaction of the act it tells of. */
export function appendAudit(record: MemoryRecord, at: Ms, note: AuditNote): void {
  const rows = record.table(auditRows)
  const id = String(rows.size + 1)
  rows.set(id, { id, at, ...note })
}
