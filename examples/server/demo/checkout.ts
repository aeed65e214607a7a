import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './client.ts'
import type { Fan } from './fan.ts'
import type { FanHold } from './seat-choice.ts'

/** After so long an impatient fan presses cancel: while the card's bank may still answer. */
const impatienceMs = 5_000

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

/** Looks until it is COMPLETED or FAILED, less and less often. */
async function outcome(fan: Fan, requestId: string): Promise<Answer> {
  const began = performance.now()
  let mayCancel = fan.who.impatient
  for (let wait = 600; ; wait = Math.min(wait * 1.5, 2_000)) {
    await sleep(wait)
    const answer = await fan.send('GET', `/payments/${requestId}/status`)
    if (answer.status !== 200) fan.surprised('payment status', answer)
    if (answer.status !== 200 || answer.body.status !== 'PENDING' || fan.over()) return answer
    if (mayCancel && performance.now() - began > impatienceMs) {
      mayCancel = false
      await cancel(fan, requestId)
    }
  }
}

async function cancel(fan: Fan, requestId: string): Promise<void> {
  const answer = await fan.send('POST', `/payments/${requestId}/cancel`, undefined, `cancel-${requestId}`)
  const inTime =
    answer.status === 202 || answer.body?.code === 'OUTCOME_UNKNOWN' || answer.body?.code === 'ALREADY_PAID'
  if (!inTime) fan.surprised('cancelling', answer)
}
