import { TicketingError } from '@b-ticketing/core'
import type { Page } from '@b-ticketing/core/ports'
import { integer } from './query.ts'

export const pageSize = 100

/** The cursor is the `seq` of the last row shown: pages never slip. @throws TicketingError `INVALID` for what is none. */
export function cursorOf(after: string | undefined): number {
  if (after === undefined) return 0
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw new TicketingError('INVALID', 'after must be the next of a page')
}

/** Of rows read with one more than a page holds. */
export function pageOf<Row extends { readonly seq: number }, T>(rows: readonly Row[], show: (row: Row) => T): Page<T> {
  const shown = rows.slice(0, pageSize)
  const last = rows.length > pageSize ? shown.at(-1) : undefined
  return { items: shown.map(show), next: last ? String(integer(last.seq)) : null }
}
