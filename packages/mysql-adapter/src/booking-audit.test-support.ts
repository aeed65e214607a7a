import type { HoldSnapshot, PaymentRecord } from '@b-ticketing/core/ports'
import type { TestDatabase } from './mysql.test-support.ts'

interface Payment {
  readonly request_id: string
  readonly schedule_id: string
  readonly hold: string
  readonly state: PaymentRecord['state']
  readonly refund: PaymentRecord['refund']
  readonly payment_token: string | null
  readonly version: number
  readonly record_version: number
}

const isDecided = ({ state }: Pick<Payment, 'state'>) => state === 'COMPLETED' || state === 'FAILED'

const seatsOf = ({ schedule_id, hold }: Payment): readonly string[] =>
  (JSON.parse(hold) as HoldSnapshot).parts.flatMap(({ section, seats }) =>
    seats.map((seat) => `${schedule_id}/${section}/${seat}`),
  )

/** What is wrong with the record, read from its tables alone; nothing has been published, and nothing was pruned. */
export async function auditRecord({ rows }: Pick<TestDatabase, 'rows'>): Promise<readonly string[]> {
  const payments = (await rows('SELECT * FROM bt_payment WHERE seq IS NOT NULL')) as unknown as readonly Payment[]
  const claims = await rows('SELECT * FROM bt_claim')
  const history = await rows('SELECT * FROM bt_history ORDER BY record_version')
  const events = new Set((await rows('SELECT event_id FROM bt_outbox')).map((row) => row.event_id as string))
  const owners = new Map(
    claims.map((row) => [`${row.schedule_id}/${row.section}/${row.seat}`, row.request_id as string]),
  )
  const problems: string[] = []
  const check = (holds: boolean, problem: string) => void (holds || problems.push(problem))

  // I2, I3: whoever pays or has paid has all its seats, everybody else none.
  const shouldOwn = new Map<string, string>()
  for (const payment of payments) {
    const lives = payment.state !== 'FAILED' && !(payment.state === 'COMPLETED' && payment.refund === 'DONE')
    if (lives) for (const seat of seatsOf(payment)) shouldOwn.set(seat, payment.request_id)
    check(isDecided(payment) === (payment.payment_token === null), `${payment.request_id}: token`)
    check(events.has(`${payment.request_id}-payment-requested`), `${payment.request_id}: not announced`)
    const isSold = payment.state === 'COMPLETED'
    check(events.has(`${payment.request_id}-payment-completed`) === isSold, `${payment.request_id}: completion`)
  }
  check(
    JSON.stringify([...owners].sort()) === JSON.stringify([...shouldOwn].sort()),
    'claims are not those of payments',
  )

  // I6: the history of each payment is its versions, one by one, each later in the record than the one before.
  const byId = new Map(payments.map((payment) => [payment.request_id, payment]))
  const last = new Map<string, { version: number; state: string; recordVersions: number[] }>()
  const holders = new Map<string, string>()
  for (const line of history) {
    const id = line.request_id as string
    const before = last.get(id) ?? { version: 0, state: null, recordVersions: [] }
    check(line.version === before.version + 1, `${id}: version ${line.version} after ${before.version}`)
    check(line.from_state === before.state, `${id}: from ${line.from_state} after ${before.state}`)
    last.set(id, {
      version: line.version,
      state: line.to_state,
      recordVersions: [...before.recordVersions, line.record_version],
    })
    // I1, at every moment: the order of the record's versions is one in which seats could change hands.
    const payment = byId.get(id)
    const ends = line.to_state === 'FAILED' || (line.to_state === 'COMPLETED' && line.refund === 'DONE')
    for (const seat of payment ? seatsOf(payment) : []) {
      const holder = holders.get(seat)
      check(ends || holder === undefined || holder === id, `${id}: ${seat} belonged to ${holder}`)
      if (!ends) holders.set(seat, id)
      else if (holder === id) holders.delete(seat)
    }
  }
  for (const payment of payments) {
    const { version, state, recordVersions } = last.get(payment.request_id) ?? {
      version: 0,
      state: '',
      recordVersions: [],
    }
    check(version === payment.version && state === payment.state, `${payment.request_id}: not what its history says`)
    check(recordVersions.includes(payment.record_version), `${payment.request_id}: a record version of nowhere`)
  }
  check(last.size === payments.length, 'a history without a payment')
  return problems
}
