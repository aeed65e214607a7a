import { byRequestId, type Check, type Evidence, isSold } from './evidence.ts'

/** The line's store at every tick, and the numbers as the fans were given them. */
export const honestLine: Check = ({ store: { line }, crowd: { numbers } }) => {
  const given = new Set<number>()
  const twice = numbers.flatMap((number) => {
    if (given.has(number)) return [`number ${number} was given twice`]
    given.add(number)
    return []
  })
  const offenders = [...line.overCapacity, ...twice]
  return {
    id: 'I9',
    promise: `one number each; offered + active ≤ capacity at ${line.ticks} ticks`,
    count: numbers.length,
    offenders,
  }
}

export const passesOnly: Check = ({ crowd: { pushes } }) => {
  const count = pushes.refused + pushes.letIn.length
  return {
    id: 'I10',
    promise: 'tries without a pass, or with a ticket for one, refused',
    count,
    offenders: pushes.letIn,
  }
}

export const sameAnswer: Check = ({ crowd: { repeats } }) => {
  const promise = 'requests repeated under their Idempotency-Key, answered the same'
  return { id: 'I15', promise, count: repeats.asked, offenders: repeats.differed }
}

/** What a fan saw as COMPLETED stands in the record as that fan saw it. */
export const seenIsKept: Check = (evidence) => {
  const payments = byRequestId(evidence)
  const offenders: string[] = []
  for (const [requestId, receipt] of evidence.crowd.receipts) {
    const payment = payments.get(requestId)
    const seatIds = payment?.booking?.seats.map(({ seatId }) => seatId) ?? []
    const kept =
      payment !== undefined &&
      isSold(payment) &&
      payment.booking?.state === 'CONFIRMED' &&
      payment.reservationId === receipt.reservationId &&
      payment.buyer.email === receipt.email &&
      payment.amount.value === receipt.amount &&
      [...seatIds].sort().join() === [...receipt.seatIds].sort().join()
    if (!kept) offenders.push(`payment ${requestId}, reservation ${receipt.reservationId}`)
  }
  return {
    id: 'I17',
    promise: 'COMPLETED as fans saw it, and as it stands',
    count: evidence.crowd.receipts.size,
    offenders,
  }
}

/** joined = waiting + offered + active + lapsed + late + done + expired + left, at every tick; and joined = the fans who joined. */
export const lineBalances: Check = ({ store: { line }, crowd: { numbers }, shown }) => {
  const offenders = [...line.unbalanced]
  const joined = line.last?.joined ?? 0
  if (joined !== numbers.length) offenders.push(`${joined} joined the line, ${numbers.length} fans were given a number`)
  if (shown.joined !== joined) offenders.push(`${shown.joined} joined are shown, the line's store says ${joined}`)
  return { id: 'W16', promise: 'ticks of the line at which its books balanced', count: line.ticks, offenders }
}

/** No 5xx (503 with Retry-After is an answer), no request unanswered, no answer but the contract's, no error in the log. */
export const wellAnswered: Check = ({ http, crowd, complaints }: Evidence) => ({
  id: 'http',
  promise: 'answers, none of them unexpected, no error logged',
  count: http.answered,
  offenders: [...http.failures, ...crowd.surprises, ...complaints.map((line) => `logged: ${line.slice(0, 200)}`)],
})
