import type { PaymentRecord, PaymentStatus, Venue } from '@b-ticketing/core'
import type { LedgerEntry } from '@b-ticketing/core/memory'
import type { Claim, PaymentView, SeatInventory } from '@b-ticketing/core/ports'
import { scheduleId } from '../sale.ts'
import type { TracedRecord } from '../traced-record.ts'
import type { Mail } from './message-check.ts'

/** What the end of a sale is judged by: the record, the gateway's books, the mailbox, and the fast stores' own contents. */
export interface Rest {
  readonly record: TracedRecord
  readonly venue: Venue
  readonly ledger: readonly LedgerEntry[]
  readonly mails: readonly Mail[]
  readonly seatInventory: SeatInventory
  readonly paymentView: PaymentView
}

export interface Verdict {
  readonly invariant: string
  readonly holds: boolean
  readonly tell: string
}

const verdict = (invariant: string, holds: boolean, tell: string): Verdict => ({ invariant, holds, tell })

/** Every invariant of a system at rest. Nothing may be open, and everybody has what they paid for. */
export async function judgeRest(rest: Rest): Promise<readonly Verdict[]> {
  const payments = [...rest.record.rows<PaymentRecord>('payment').values()]
  return [
    ...payments.flatMap((payment) => judgePayment(payment, rest)),
    ...judgeLedger(payments, rest.ledger),
    ...judgeMails(payments, rest.mails),
    ...judgeMessages(rest.record),
    ...(await judgeSeats(rest)),
    ...(await judgeView(payments, rest.paymentView)),
  ]
}

const moneyOf = (ledger: readonly LedgerEntry[], requestId: string, type: LedgerEntry['type']): number =>
  ledger
    .filter((entry) => entry.requestId === requestId && entry.type === type && entry.status === 'succeeded')
    .reduce((sum, { amount }) => sum + amount.value, 0)

function judgePayment(payment: PaymentRecord, { record, ledger }: Rest): readonly Verdict[] {
  const { requestId, state, refund, hold, amount } = payment
  const claims = [...record.rows<Claim>('claim').values()].filter((claim) => claim.requestId === requestId)
  const seats = hold.parts.reduce((sum, part) => sum + part.seats.length, 0)
  const net = moneyOf(ledger, requestId, 'charge') - moneyOf(ledger, requestId, 'refund')
  const sold = state === 'COMPLETED' && refund === 'none'
  const charges = ledger.filter(
    (entry) => entry.requestId === requestId && entry.type === 'charge' && entry.status === 'succeeded',
  )
  return [
    verdict('I5', state === 'COMPLETED' || state === 'FAILED', `payment ${requestId} rests as ${state}`),
    verdict('I5', refund === 'none' || refund === 'DONE', `refund of ${requestId} rests as ${refund}`),
    verdict('I4', charges.length <= 1, `payment ${requestId} was captured ${charges.length} times`),
    verdict(
      'I2',
      net === (sold ? amount.value : 0),
      `payment ${requestId} ${state}, refund ${refund}: the buyer is out ${net} of ${amount.value}`,
    ),
    verdict(
      'I2',
      claims.length === (sold ? seats : 0),
      `payment ${requestId} ${state}, refund ${refund}, owns ${claims.length} of ${seats} seats`,
    ),
  ]
}

function judgeLedger(payments: readonly PaymentRecord[], ledger: readonly LedgerEntry[]): readonly Verdict[] {
  const known = new Map(payments.map((payment) => [payment.requestId, payment]))
  return ledger
    .filter(({ type, status }) => type === 'charge' && status === 'succeeded')
    .flatMap(({ requestId, amount }) => {
      const payment = known.get(requestId)
      if (!payment) return [verdict('I2', false, `${amount.value} was captured for the unknown payment ${requestId}`)]
      const asked = payment.amount.value
      const other = payment.reason === 'AMOUNT_DIFFERS'
      return [
        verdict(
          'I13',
          amount.value === asked || other,
          `payment ${requestId} asked for ${asked}, ${amount.value} was captured`,
        ),
      ]
    })
}

function judgeMails(payments: readonly PaymentRecord[], mails: readonly Mail[]): readonly Verdict[] {
  const booked = new Map(
    payments.filter(({ state }) => state === 'COMPLETED').map((payment) => [payment.reservationId, payment]),
  )
  const arrived = [...booked.values()].flatMap(({ reservationId, buyer, amount }) => {
    const own = mails.filter((mail) => mail.reservationId === reservationId)
    const complete = own.every(
      (mail) => mail.text.includes(reservationId) && mail.text.replaceAll(/[,.]/g, '').includes(String(amount.value)),
    )
    return [
      verdict('I12', own.length > 0, `no mail for the reservation ${reservationId}`),
      verdict(
        'I12',
        own.every(({ address }) => address === buyer.email),
        `the mail for ${reservationId} went to ${own[0]?.address}`,
      ),
      verdict('P5', complete, `a mail for ${reservationId} lacks its number or amount`),
    ]
  })
  const strays = mails.filter(({ reservationId }) => !booked.has(reservationId))
  return [...arrived, verdict('I12', strays.length === 0, `${strays.length} mails for reservations that do not exist`)]
}

function judgeMessages(record: TracedRecord): readonly Verdict[] {
  const outbox = record.rows('outbox').size
  const unsent = [...record.rows<{ readonly state: string }>('notice').values()].filter(({ state }) => state !== 'sent')
  return [
    verdict('I11', outbox === 0, `${outbox} events rest unpublished`),
    verdict('I12', unsent.length === 0, `${unsent.length} notices rest unsent`),
  ]
}

const codes = ['AVAILABLE', 'RESERVED', 'COMPLETED', 'BLOCKED'] as const

/** Seat by seat: the fast store's map says what the record says, and the sum is the capacity. */
async function judgeSeats({ record, venue, seatInventory }: Rest): Promise<readonly Verdict[]> {
  const map = await seatInventory.read({ scheduleId, sections: venue.sections.map(({ id }) => id) })
  if (map.is === 'missing') return []
  if (map.is !== 'snapshot') return [verdict('I14', false, 'no snapshot')]
  const verdicts: Verdict[] = []
  let [free, capacity] = [0, 0]
  for (const { section, count, codes: packed } of map.sections) {
    const document = venue.sections.find(({ id }) => id === section)
    const [listed, created] = [
      document?.capacity ?? 0,
      record.rows<number>('created-seats').get(`${scheduleId}/${section}`) ?? 0,
    ]
    const most = Math.max(listed, document?.maxCapacity ?? 0)
    // A crash may leave created seats unknown to the fast store, free, until somebody needs one.
    verdicts.push(
      verdict(
        'A34',
        count >= listed && count <= listed + created && listed + created <= most,
        `section ${section} has ${count} seats, the record ${listed} + ${created} of ${most}`,
      ),
    )
    capacity += listed + created
    for (let seat = 0; seat < listed + created; seat++) {
      const code = codes[((packed[seat >> 2] ?? 0) >> ((seat & 3) << 1)) & 3] ?? 'AVAILABLE'
      const wanted = recordSays(record, document, section, seat)
      if (code === 'AVAILABLE') free++
      verdicts.push(verdict('S3', code === wanted, `seat ${section}/${seat} shows ${code}, the record says ${wanted}`))
    }
  }
  const taken = record.rows<Claim>('claim').size + blockedSeats(record, venue)
  return [...verdicts, verdict('I14', free + taken === capacity, `${free} free and ${taken} taken of ${capacity}`)]
}

const isBlocked = (record: TracedRecord, key: string, asListed: boolean): boolean =>
  record.rows<{ readonly blocked: boolean }>('seat-block').get(key)?.blocked ?? asListed

const blockedSeats = (record: TracedRecord, venue: Venue): number =>
  venue.sections
    .flatMap(({ id, rows }) =>
      rows.flatMap((row) => row.seats).map((seat, i) => [`${scheduleId}/${id}/${i}`, seat.blocked === true] as const),
    )
    .filter(([key, asListed]) => isBlocked(record, key, asListed)).length

/** At rest nobody holds or pays: a seat is sold, blocked or free. */
function recordSays(
  record: TracedRecord,
  section: Venue['sections'][number] | undefined,
  id: string,
  seat: number,
): string {
  const key = `${scheduleId}/${id}/${seat}`
  const claim = record.rows<Claim>('claim').get(key)
  if (claim) return claim.state === 'COMPLETED' ? 'COMPLETED' : 'RESERVED'
  const listed = section?.rows.flatMap((row) => row.seats)[seat]
  return isBlocked(record, key, listed?.blocked === true) ? 'BLOCKED' : 'AVAILABLE'
}

async function judgeView(payments: readonly PaymentRecord[], view: PaymentView): Promise<readonly Verdict[]> {
  const shown: readonly (PaymentStatus | null)[] = await view.get({
    requestIds: payments.map(({ requestId }) => requestId),
  })
  return payments.flatMap(({ requestId, state, refund, version }, i) => {
    const status = shown[i]
    // Forgotten is allowed, and so is older while it is not final: only a final state is ever answered from it.
    if (!status || status.status === 'PENDING') return []
    const same = status.status === state && (status.version < version || status.refund === refund)
    return [verdict('I17', same, `the view shows ${requestId} as ${status.status}, the record says ${state}`)]
  })
}
