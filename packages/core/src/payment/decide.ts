import type { ErrorCode } from '../shared/errors.ts'
import type { Money } from '../shared/money.ts'
import type { Ms } from '../shared/types.ts'
import {
  backOff,
  type Charge,
  type ClaimsChange,
  type OwnReason,
  type PaymentState,
  paymentStates,
  paymentTimes,
  type RefundState,
} from './payment.ts'
import { type Action, type CaseId, stateTable, type TableEvent, type TableRow, tableEvents } from './state-table.ts'

export type PaymentEvent =
  | { readonly is: Exclude<TableEvent, 'charged' | 'declined' | 'other-amount'> }
  | { readonly is: 'charged'; readonly charge: Charge }
  | { readonly is: 'declined'; readonly reason: string }
  | { readonly is: 'other-amount'; readonly taken: Money }

/** What a decision may look at. `NO_PAYMENT` and `NO_HOLD` stand for a request that has no row. */
export interface PaymentFacts {
  readonly state: TableRow
  readonly refund: RefundState
  readonly createdAt: Ms
  readonly chargeUntil: Ms
  readonly attempts: number
}

/** A transition to make in one guarded transaction. */
export interface PaymentChange {
  readonly to: PaymentState
  readonly claims: ClaimsChange
  readonly dueInMs: Ms | null
  readonly reason?: string | null
  readonly refund?: RefundState
  readonly attempts?: number
}

/** A question to the gateway whose answer is the next event. */
export type GatewayStep = 'charge' | 'ask' | 'cancel'

export interface Decision {
  readonly do: Action
  readonly cases: readonly CaseId[]
  readonly change: PaymentChange | null
  /** Instead of `change` when the seats to take again are gone. */
  readonly otherwise: PaymentChange | null
  /** After `change`, when that was made. */
  readonly gateway: GatewayStep | null
  /** What a cancel that follows is put down to. */
  readonly cancelReason: OwnReason
  readonly refuse: ErrorCode | null
  readonly alert: boolean
}

interface Effect {
  readonly change?: Partial<PaymentChange> & { readonly claims: ClaimsChange }
  readonly otherwise?: PaymentChange
  readonly gateway?: GatewayStep
  readonly refuse?: ErrorCode
  readonly alert?: true
}

const refundNow = { refund: 'PENDING', dueInMs: 0 } as const

/** What each action does to the record; `to` absent: the state stays. Pauses are filled in by `decide`. */
const effects: Readonly<Record<Action, Effect>> = {
  never: {},
  ignore: {},
  'ignore-loudly': { alert: true },
  park: { alert: true },
  open: { change: { to: 'REQUESTED', claims: 'keep', dueInMs: paymentTimes.leaseMs } },
  'refuse-hold': { refuse: 'HOLD_EXPIRED' },
  'free-hold': {},
  'need-hold': { refuse: 'HOLD_EXPIRED' },
  replay: {},
  'in-progress': { refuse: 'PAYMENT_IN_PROGRESS' },
  'key-reused': { refuse: 'IDEMPOTENCY_KEY_REUSED' },
  'already-paid': { refuse: 'ALREADY_PAID' },
  'outcome-unknown': { refuse: 'OUTCOME_UNKNOWN' },
  complete: { change: { to: 'COMPLETED', claims: 'sell', dueInMs: null, reason: null } },
  fail: { change: { to: 'FAILED', claims: 'free', dueInMs: paymentTimes.confirmFreedMs } },
  'fail-and-refund': {
    change: { to: 'FAILED', claims: 'free', reason: 'AMOUNT_DIFFERS', ...refundNow },
    alert: true,
  },
  'late-success': {
    change: { to: 'COMPLETED', claims: 'retake', dueInMs: paymentTimes.confirmFreedMs, reason: null },
    otherwise: { to: 'FAILED', claims: 'keep', reason: 'SEATS_GONE', ...refundNow },
  },
  'late-refund': { change: { to: 'FAILED', claims: 'keep', reason: 'AMOUNT_DIFFERS', ...refundNow }, alert: true },
  charge: { change: { to: 'CHARGING', claims: 'keep', dueInMs: paymentTimes.leaseMs }, gateway: 'charge' },
  ask: { gateway: 'ask' },
  'cancel-charge': { gateway: 'cancel' },
  'mark-unknown': { change: { to: 'UNKNOWN', claims: 'keep' } },
  wait: { change: { claims: 'keep' } },
  review: { change: { to: 'NEEDS_REVIEW', claims: 'keep', dueInMs: paymentTimes.reviewEveryMs }, alert: true },
}

const reviewAt = (facts: PaymentFacts): Ms => facts.createdAt + paymentTimes.reviewAfterMs

function actionOf(facts: PaymentFacts, event: PaymentEvent, now: Ms): { action: Action; cases: readonly CaseId[] } {
  const cell = stateTable[facts.state][event.is]
  const cases = cell.cases ?? []
  // PAY11: money that is on its way back, or back, is not taken for a success again.
  if (facts.state === 'FAILED' && facts.refund !== 'none' && cell.do.startsWith('late-')) {
    return { action: 'ignore', cases }
  }
  const until = cell.until === 'chargeUntil' ? facts.chargeUntil : reviewAt(facts)
  return { action: cell.after && now >= until ? cell.after : cell.do, cases }
}

function changeOf(facts: PaymentFacts, event: PaymentEvent, now: Ms, effect: Effect): PaymentChange | null {
  const { change } = effect
  if (!change) return null
  const to = change.to ?? (facts.state as PaymentState)
  const reason = event.is === 'declined' ? event.reason : event.is === 'cancel' ? 'CANCELLED' : undefined
  const pause =
    to === 'NEEDS_REVIEW' ? paymentTimes.reviewEveryMs : backOff({ ...facts, attempts: facts.attempts, now })
  return {
    dueInMs: pause,
    ...(change.dueInMs === undefined && { attempts: facts.attempts + 1 }),
    ...(reason !== undefined && to === 'FAILED' && { reason }),
    ...change,
    to,
  }
}

/** Pure: what the table orders for these facts, this event, at this instant of the record's clock. */
export function decide(facts: PaymentFacts, event: PaymentEvent, now: Ms): Decision {
  const { action, cases } = actionOf(facts, event, now)
  const effect = effects[action]
  return {
    do: action,
    cases,
    change: changeOf(facts, event, now, effect),
    otherwise: effect.otherwise ?? null,
    gateway: effect.gateway ?? null,
    cancelReason: event.is === 'cancel' ? 'CANCELLED' : 'TIMED_OUT',
    refuse: effect.refuse ?? null,
    alert: effect.alert ?? false,
  }
}

/** Every (from, to) the table allows: what a history is audited against. Refunds keep the state. */
export function allowedTransitions(): ReadonlySet<`${PaymentState}→${PaymentState}`> {
  const allowed = new Set<`${PaymentState}→${PaymentState}`>(['COMPLETED→COMPLETED', 'FAILED→FAILED'])
  for (const from of paymentStates) {
    for (const event of tableEvents) {
      const cell = stateTable[from][event]
      for (const action of cell.after ? [cell.do, cell.after] : [cell.do]) {
        const { change, otherwise } = effects[action]
        if (change) allowed.add(`${from}→${change.to ?? from}`)
        if (otherwise) allowed.add(`${from}→${otherwise.to}`)
      }
    }
  }
  return allowed
}
