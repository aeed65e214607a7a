import type { MemoryRecord } from '@b-ticketing/core/memory'
import type { Claim, HistoryRow, HoldRecord, Id, Ms, PaymentRecord, Version } from '@b-ticketing/core/ports'
import type { LineWatch } from './line-watch.ts'

/** The record's tables as they lie in the store: what the audit reads instead of asking the engine. */
export interface StoreDump {
  readonly at: Ms
  readonly payments: readonly PaymentRow[]
  readonly histories: readonly (readonly HistoryRow[])[]
  readonly claims: readonly Claim[]
  readonly holds: readonly HoldRow[]
  /** Keys `scheduleId/section/seat` of seats that an operator blocked, or gave free. */
  readonly blocks: readonly { readonly key: string; readonly blocked: boolean }[]
  /** Seats that elastic sections created, by `scheduleId/section`. */
  readonly created: readonly { readonly key: string; readonly count: number }[]
  /** Event ids that are still to be published. */
  readonly outbox: readonly string[]
  /** `consumer/eventId` of every event that took effect. */
  readonly inbox: readonly string[]
  readonly deadLetters: readonly string[]
  readonly line: LineWatch
}

export type PaymentRow = Omit<PaymentRecord, 'storeTime'>

export interface HoldRow {
  readonly scheduleId: Id
  readonly version: Version
  /** Null: it has ended. */
  readonly hold: HoldRecord | null
}

export function dumpStore(record: MemoryRecord, line: LineWatch): StoreDump {
  const table = <Row>(name: string): ReadonlyMap<string, Row> => record.table<Row>({ name })
  const rows = <Row>(name: string): readonly Row[] => [...table<Row>(name).values()]
  const keys = (name: string): readonly string[] => [...table(name).keys()]
  return {
    at: Date.now(),
    payments: rows('payment'),
    histories: rows('payment-history'),
    claims: rows('claim'),
    holds: rows('hold'),
    blocks: [...table<{ blocked: boolean }>('seat-block')].map(([key, { blocked }]) => ({ key, blocked })),
    created: [...table<number>('created-seats')].map(([key, count]) => ({ key, count })),
    outbox: keys('outbox'),
    inbox: keys('inbox'),
    deadLetters: keys('dead-letter'),
    line,
  }
}
