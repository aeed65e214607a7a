import type { PaymentState } from './payment.ts'

/** Rows: a payment's state, or why there is none. */
export const tableRows = [
  'NO_PAYMENT',
  'NO_HOLD',
  'REQUESTED',
  'CHARGING',
  'UNKNOWN',
  'NEEDS_REVIEW',
  'FAILED',
  'COMPLETED',
] as const satisfies readonly (PaymentState | 'NO_PAYMENT' | 'NO_HOLD')[]
export type TableRow = (typeof tableRows)[number]

/** Columns: what can happen to a payment. The last four are the gateway's finer answers and the consumer's wake-up. */
export const tableEvents = [
  'new-key',
  'same-body',
  'other-body',
  'charged',
  'declined',
  'unknown',
  'due',
  'cancel',
  'not-found',
  'other-amount',
  'still-open',
  'wake',
] as const
export type TableEvent = (typeof tableEvents)[number]

/** What a cell orders, and how the generated table says it. */
export const actionTexts = {
  never: '–',
  ignore: 'no-op',
  'ignore-loudly': 'logged and ignored',
  park: 'orphan: park and alert',
  open: '→ PENDING[REQUESTED], one transaction',
  'refuse-hold': 'refuse 409 / 404 / 422, no row',
  'free-hold': 'hold → AVAILABLE',
  'need-hold': 'a new payment needs a live hold',
  replay: 'same id and status',
  'in-progress': '409 `PAYMENT_IN_PROGRESS` with the running id',
  'key-reused': '422 `IDEMPOTENCY_KEY_REUSED`',
  'already-paid': '409 `ALREADY_PAID`',
  'outcome-unknown': '409 `OUTCOME_UNKNOWN`',
  complete: '→ COMPLETED, claims sold',
  fail: '→ FAILED, claims freed',
  'fail-and-refund': 'full refund, → FAILED, alert',
  'late-success': 'take the same seats again → COMPLETED; if one is gone, refund once',
  'late-refund': 'refund exactly once, alert',
  charge: '→ CHARGING, charge with the same key',
  ask: 'ask the gateway',
  'cancel-charge': 'ask the gateway to cancel; its answer decides',
  'mark-unknown': '→ UNKNOWN, ask again after a pause',
  wait: 'ask again after a pause',
  review: '→ NEEDS_REVIEW, alert',
} as const satisfies Record<string, string>
export type Action = keyof typeof actionTexts

export type CaseId = `PAY${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14}`

export interface Cell {
  readonly do: Action
  /** `do` holds before this instant of the payment; `after` from it on. */
  readonly until?: 'chargeUntil' | 'reviewAt'
  readonly after?: Action
  readonly cases?: readonly CaseId[]
}

const inProgress: Cell = { do: 'in-progress', cases: ['PAY2'] }
const replay: Cell = { do: 'replay', cases: ['PAY3'] }
const keyReused: Cell = { do: 'key-reused', cases: ['PAY4'] }
const never: Cell = { do: 'never' }
const ignore: Cell = { do: 'ignore' }
const complete: Cell = { do: 'complete' }
const fail: Cell = { do: 'fail' }
const failAndRefund: Cell = { do: 'fail-and-refund' }
const park: Cell = { do: 'park', cases: ['PAY12'] }
const chargeAgain: Cell = { do: 'charge', until: 'chargeUntil', after: 'cancel-charge' }
const stillOpen: Cell = { do: 'wait', until: 'chargeUntil', after: 'cancel-charge', cases: ['PAY9'] }
const repeats = { 'new-key': inProgress, 'same-body': replay, 'other-body': keyReused }

/** The rule, as data: every state × every event. Code, docs and tests are checked against it. */
export const stateTable: Readonly<Record<TableRow, Readonly<Record<TableEvent, Cell>>>> = {
  NO_PAYMENT: {
    'new-key': { do: 'open' },
    'same-body': never,
    'other-body': never,
    charged: park,
    declined: ignore,
    unknown: never,
    due: { do: 'free-hold' },
    cancel: { do: 'free-hold' },
    'not-found': never,
    'other-amount': park,
    'still-open': ignore,
    wake: never,
  },
  NO_HOLD: {
    'new-key': { do: 'refuse-hold', cases: ['PAY1'] },
    'same-body': never,
    'other-body': never,
    charged: park,
    declined: ignore,
    unknown: never,
    due: never,
    cancel: never,
    'not-found': never,
    'other-amount': park,
    'still-open': ignore,
    wake: never,
  },
  REQUESTED: {
    ...repeats,
    charged: complete,
    declined: fail,
    unknown: { do: 'charge', until: 'chargeUntil', after: 'mark-unknown', cases: ['PAY5'] },
    due: { do: 'ask' },
    cancel: { do: 'fail', cases: ['PAY6'] },
    'not-found': chargeAgain,
    'other-amount': failAndRefund,
    'still-open': { do: 'mark-unknown', until: 'chargeUntil', after: 'cancel-charge' },
    wake: { do: 'charge', until: 'chargeUntil', after: 'ignore' },
  },
  CHARGING: {
    ...repeats,
    charged: complete,
    declined: { do: 'fail', cases: ['PAY7'] },
    unknown: { do: 'mark-unknown', cases: ['PAY8'] },
    due: { do: 'ask', cases: ['PAY9'] },
    cancel: { do: 'cancel-charge' },
    'not-found': { ...chargeAgain, cases: ['PAY9'] },
    'other-amount': failAndRefund,
    'still-open': stillOpen,
    wake: ignore,
  },
  UNKNOWN: {
    ...repeats,
    charged: complete,
    declined: fail,
    unknown: { do: 'wait', until: 'reviewAt', after: 'review' },
    due: { do: 'ask' },
    cancel: { do: 'outcome-unknown' },
    'not-found': chargeAgain,
    'other-amount': failAndRefund,
    'still-open': stillOpen,
    wake: ignore,
  },
  NEEDS_REVIEW: {
    ...repeats,
    charged: complete,
    declined: fail,
    unknown: { do: 'wait' },
    due: { do: 'ask' },
    cancel: { do: 'outcome-unknown' },
    'not-found': { do: 'cancel-charge' },
    'other-amount': failAndRefund,
    'still-open': { do: 'cancel-charge' },
    wake: ignore,
  },
  FAILED: {
    'new-key': { do: 'need-hold' },
    'same-body': { do: 'replay' },
    'other-body': { do: 'key-reused' },
    charged: { do: 'late-success', cases: ['PAY10', 'PAY11'] },
    declined: ignore,
    unknown: ignore,
    due: never,
    cancel: ignore,
    'not-found': ignore,
    'other-amount': { do: 'late-refund' },
    'still-open': ignore,
    wake: ignore,
  },
  COMPLETED: {
    'new-key': { do: 'already-paid' },
    'same-body': { do: 'replay' },
    'other-body': { do: 'key-reused' },
    charged: { do: 'ignore', cases: ['PAY13'] },
    declined: { do: 'ignore-loudly', cases: ['PAY14'] },
    unknown: ignore,
    due: never,
    cancel: { do: 'already-paid' },
    'not-found': ignore,
    'other-amount': { do: 'ignore-loudly' },
    'still-open': ignore,
    wake: ignore,
  },
}

/** The table as markdown, for the docs; a test keeps the two equal. */
export function renderStateTable(): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const text = (cell: Cell): string => {
    const later = cell.after ? ` until \`${cell.until}\`; then ${actionTexts[cell.after]}` : ''
    const cases = cell.cases ? ` (${cell.cases.join(', ')})` : ''
    return `${actionTexts[cell.do]}${later}${cases}`
  }
  return [
    line(['state \\ event', ...tableEvents]),
    line(['--', ...tableEvents.map(() => '--')]),
    ...tableRows.map((row) => line([`\`${row}\``, ...tableEvents.map((event) => text(stateTable[row][event]))])),
  ].join('\n')
}
