import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './client.ts'
import type { Fan } from './fan.ts'
import type { FanHold } from './seat-choice.ts'

/** After so long an impatient fan presses cancel: while the card's bank may still answer. */
const impatienceMs = 5_000
/** Whoever pays later than this after the opening cannot wait for a card that takes a minute. */
const patientBeforeMs = 3_000

/** `too late`: the hold was over before the payment began, nothing was charged. */
export async function pay(fan: Fan, hold: FanHold): Promise<'settled' | 'too late'> {
  const { books, name, who } = fan
  const amount = hold.amount.value
  const email = `${name}@fans.example`
  const order = { holdId: hold.holdId, amount, email, paymentToken: who.card }
  const answer = await fan.send('POST', '/payments', order, `pay-${name}-${hold.holdId}`)
  if (answer.status !== 202) {
    if (!tooLate.includes(answer.body?.code)) fan.surprised('payment', answer)
    return 'too late'
  }
  const { requestId } = answer.body as { requestId: string }
  books.paying++
  const end = await outcome(fan, requestId).finally(() => books.paying--)
  if (end.body?.status === 'COMPLETED') {
    books.paid++
    books.seatsPaid += hold.seats.length
    const seatIds = hold.seats.map(({ seatId }) => seatId)
    books.receipts.set(requestId, { reservationId: end.body.reservationId, email, seatIds, amount })
  } else if (end.body?.status === 'FAILED') books.failed++
  return 'settled'
}

const tooLate: readonly string[] = ['HOLD_EXPIRED', 'PASS_EXPIRED']

/** Looks until it is COMPLETED or FAILED, less and less often, and loses patience in between. */
async function outcome(fan: Fan, requestId: string): Promise<Answer> {
  const began = fan.elapsed()
  const waitsItOut = fan.who.patient && began < patientBeforeMs
  let cancelAt = began + impatienceMs
  for (let wait = 600; ; wait = Math.min(wait * 1.5, 2_000)) {
    await sleep(wait)
    const answer = await fan.send('GET', `/payments/${requestId}/status`)
    if (answer.status !== 200) fan.surprised('payment status', answer)
    if (answer.status !== 200 || answer.body.status !== 'PENDING' || fan.over()) return answer
    if (waitsItOut || fan.elapsed() < cancelAt) continue
    await cancel(fan, requestId)
    cancelAt = fan.elapsed() + impatienceMs / 2
  }
}

/** While the outcome is unknown nothing can be cancelled: the fan will try again. */
async function cancel(fan: Fan, requestId: string): Promise<void> {
  const key = `cancel-${requestId}-${Math.round(fan.elapsed())}`
  const { status, body } = await fan.send('POST', `/payments/${requestId}/cancel`, undefined, key)
  if (status === 202 || body?.code === 'OUTCOME_UNKNOWN' || body?.code === 'ALREADY_PAID') return
  fan.surprised('cancelling', { status, body, retryAfterMs: null })
}
