import type { Notice, PaymentRecord, PaymentState, Venue } from '@b-ticketing/core'
import type { BookingStore, Claim, HistoryRow } from '@b-ticketing/core/ports'
import type { Journal } from '../journal.ts'
import { createPriceList } from '../prices.ts'
import type { Ears } from '../tap.ts'
import type { RowChange, TracedRecord } from '../traced-record.ts'
import type { Witness } from '../witness.ts'

/** The record's own transitions, written down a second time: never read from the engine's table. */
const transitions: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  REQUESTED: ['CHARGING', 'UNKNOWN', 'COMPLETED', 'FAILED'],
  CHARGING: ['CHARGING', 'UNKNOWN', 'COMPLETED', 'FAILED'],
  UNKNOWN: ['CHARGING', 'UNKNOWN', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED'],
  NEEDS_REVIEW: ['CHARGING', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED'],
  COMPLETED: ['COMPLETED'],
  FAILED: ['FAILED', 'COMPLETED'],
}

const isOpen = (state: PaymentState): boolean => state !== 'COMPLETED' && state !== 'FAILED'

/** Looks at every committed row, as it is committed, with the record's tables as the only source. */
export interface RecordCheck {
  /** To be called after every step. */
  look(): void
  readonly ears: Ears<BookingStore>
}

export function createRecordCheck(p: {
  readonly record: TracedRecord
  readonly venue: Venue
  readonly witness: Witness
  readonly journal: Journal
  /** Told of a payment whose seats the record has just freed. */
  readonly onFreed: (payment: PaymentRecord) => void
}): RecordCheck {
  const { record, witness, journal } = p
  const priceOf = createPriceList(p.venue)
  const payments = record.rows<PaymentRecord>('payment')
  const claims = record.rows<Claim>('claim')
  const abandoned = new Set<string>()
  const histories = record.rows<readonly HistoryRow[]>('payment-history')

  const claimChanged = ({ key, before, after }: RowChange): void => {
    const [old, now] = [before as Claim | undefined, after as Claim | undefined]
    if (old && now) {
      witness.check(
        'I1',
        old.requestId === now.requestId,
        () => `seat ${key} of ${old.requestId} went to ${now.requestId}`,
      )
      witness.check(
        'I7',
        now.recordVersion >= old.recordVersion,
        () => `seat ${key} went back to version ${now.recordVersion}`,
      )
      witness.check(
        'I6',
        !(old.state === 'COMPLETED' && now.state === 'PAYING'),
        () => `sold seat ${key} is PAYING again`,
      )
    }
    const owner = payments.get((now ?? old)?.requestId ?? '')
    const blocked = now && !old && record.rows<{ blocked: boolean }>('seat-block').get(key)?.blocked === true
    witness.check('I1', !blocked, () => `blocked seat ${key} was claimed by ${now?.requestId}`)
    witness.check('I7', owner !== undefined, () => `seat ${key} is claimed by nobody: ${(now ?? old)?.requestId}`)
  }

  const paymentChanged = ({ key, before, after }: RowChange, touched: Set<string>): void => {
    const [old, now] = [before as PaymentRecord | undefined, after as PaymentRecord | undefined]
    touched.add(key)
    witness.check('I5', now !== undefined, () => `payment ${key} was deleted`)
    if (!now) return
    if (!old) {
      journal.say('record', `payment ${key} opened: ${now.hold.seats.map(({ seatId }) => seatId).join(' ')}`)
      const owed = now.hold.seats.reduce((sum, { seatId }) => sum + (priceOf(seatId) ?? Number.NaN), 0)
      witness.check('I13', now.amount.value === owed, () => `payment ${key} asks for ${now.amount.value}, not ${owed}`)
      witness.check('I6', now.state === 'REQUESTED' && now.version === 1, () => `payment ${key} began as ${now.state}`)
      witness.check('I6', !abandoned.has(key), () => `payment ${key} was opened on its tombstone`)
      return
    }
    if (old.version === now.version) {
      const same = old.state === now.state && old.refund === now.refund && old.reason === now.reason
      witness.check('I6', same, () => `payment ${key} changed from ${old.state} to ${now.state} without a version`)
      return
    }
    journal.say(
      'record',
      `payment ${key} ${old.state} → ${now.state}${now.refund === 'none' ? '' : `, refund ${now.refund}`}${now.reason ? ` (${now.reason})` : ''}`,
    )
    metTransition(journal, old, now)
    if (now.state === 'FAILED' && old.state !== 'FAILED') p.onFreed(now)
    witness.check(
      'I6',
      now.version === old.version + 1,
      () => `payment ${key} jumped from version ${old.version} to ${now.version}`,
    )
    witness.check(
      'I6',
      transitions[old.state].includes(now.state),
      () => `payment ${key} went from ${old.state} to ${now.state}`,
    )
    witness.check('I13', now.amount.value === old.amount.value, () => `payment ${key} changed its price`)
    witness.check('I4', refundGoesOn(old, now), () => `refund of ${key} went from ${old.refund} to ${now.refund}`)
  }

  /** What must be true of a payment and its seats at the end of any step. */
  const stands = (requestId: string): void => {
    const payment = payments.get(requestId)
    if (!payment) return
    const { scheduleId, state, hold, version } = payment
    const keys = hold.parts.flatMap(({ section, seats }) => seats.map((seat) => `${scheduleId}/${section}/${seat}`))
    const owned = keys.filter((key) => claims.get(key)?.requestId === requestId)
    const as = (wanted: Claim['state']): boolean => owned.every((key) => claims.get(key)?.state === wanted)
    const paidBack = payment.refund === 'DONE'
    if (isOpen(state)) {
      witness.check(
        'I2',
        owned.length === keys.length && as('PAYING'),
        () => `${state} ${requestId} has ${owned.length} of ${keys.length} seats`,
      )
    } else if (state === 'COMPLETED' && !paidBack) {
      witness.check(
        'I2',
        owned.length === keys.length && as('COMPLETED'),
        () => `COMPLETED ${requestId} has ${owned.length} of ${keys.length} seats`,
      )
      witness.check('I2', payment.booking !== null, () => `COMPLETED ${requestId} has no booking`)
    } else {
      witness.check(
        'I3',
        owned.length === 0,
        () => `${state} ${requestId} (refund ${payment.refund}) still owns ${owned.length} seats`,
      )
    }
    if (!isOpen(state)) witness.check('I6', payment.paymentToken === null, () => `decided ${requestId} keeps its token`)
    const history = histories.get(requestId) ?? []
    const last = history.at(-1)
    witness.check(
      'I6',
      history.length === version && last?.to === state,
      () => `history of ${requestId} has ${history.length} rows at version ${version}`,
    )
  }

  const historyChanged = ({ key, before, after }: RowChange): void => {
    const [old, now] = [(before ?? []) as readonly HistoryRow[], after as readonly HistoryRow[] | undefined]
    const kept = now !== undefined && now.length === old.length + 1 && old.every((row, i) => sameRow(row, now[i]))
    witness.check('I6', kept, () => `history of ${key} was rewritten`)
  }

  const appendOnly = (table: string, { key, before, after }: RowChange): void =>
    witness.check('I11', before === undefined || after === undefined, () => `${table} ${key} was overwritten`)

  const noticeChanged = ({ key, before, after }: RowChange): void => {
    const notice = after as (Notice & object) | undefined
    if (before !== undefined || !notice?.requestId) return
    const state = payments.get(notice.requestId)?.state
    witness.check('I12', state === 'COMPLETED', () => `notice ${key} of a payment that is ${state}`)
  }

  return {
    ears: {
      abandon: ({ requestIds }, replies) => {
        for (const [i, reply] of replies.entries()) {
          const requestId = requestIds[i]
          if (reply !== 'abandoned' || requestId === undefined) continue
          abandoned.add(requestId)
          journal.met('tombstone')
        }
      },
    },
    look: () => {
      const changes = record.takeChanges()
      if (changes.length === 0) return
      const touched = new Set<string>()
      for (const change of changes) {
        if (change.table === 'claim') {
          claimChanged(change)
          for (const row of [change.before, change.after]) if (row) touched.add((row as Claim).requestId)
        } else if (change.table === 'payment') paymentChanged(change, touched)
        else if (change.table === 'payment-history') historyChanged(change)
        else if (change.table === 'outbox') appendOnly('outbox', change)
        else if (change.table === 'notice') noticeChanged(change)
      }
      for (const requestId of touched) stands(requestId)
    },
  }
}

const sameRow = (a: HistoryRow, b: HistoryRow | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)

const refundGoesOn = (old: PaymentRecord, now: PaymentRecord): boolean =>
  old.refund === now.refund || (old.refund === 'DONE' ? false : now.refund !== 'none')

function metTransition(journal: Journal, old: PaymentRecord, now: PaymentRecord): void {
  if (old.state !== now.state) journal.met(`${old.state} → ${now.state}`)
  if (old.state === 'FAILED' && now.state === 'COMPLETED') journal.met('late success')
  if (now.refund !== old.refund) journal.met(`refund ${now.refund}`)
  if (now.state === 'FAILED' && now.reason === 'SEATS_GONE' && old.refund === 'none')
    journal.met('late success without seats')
}
