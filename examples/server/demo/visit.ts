import { pay } from './checkout.ts'
import type { Fan } from './fan.ts'
import { standInLine } from './in-line.ts'
import { chooseSeats, type FanHold } from './seat-choice.ts'

/** One visit, from the booking page to the ticket in hand. Ends when the fan has seats, or has given up. */
export async function visit(fan: Fan): Promise<void> {
  const { books } = fan
  books.arrived++
  books.waiting++
  const end = await standInLine(fan).finally(() => books.waiting--)
  if (end === 'gives up') await leave(fan)
  if (end === 'turned away') books.turnedAway++
  else if (end !== 'admitted') books.gone++
  if (end !== 'admitted') return
  books.inside++
  const stays = await shop(fan).finally(() => books.inside--)
  if (stays) await leave(fan)
}

/** Whoever was too slow for the hold looks for seats again, so many times. */
const rounds = 3

/** False: the fan closed the browser and left everything as it lay. */
async function shop(fan: Fan): Promise<boolean> {
  for (let round = 1; round <= rounds; round++) {
    const hold = await chooseSeats(fan, round)
    if (hold === null) break
    const seats = hold.seats.length
    fan.books.holding += seats
    const end = await decide(fan, hold).finally(() => {
      fan.books.holding -= seats
    })
    if (end !== 'too late') return end !== 'abandoned'
  }
  fan.books.turnedAway++
  return true
}

async function decide(fan: Fan, hold: FanHold): Promise<'settled' | 'too late' | 'gone' | 'abandoned'> {
  const { does } = fan.who
  await fan.think(900)
  if (does !== 'abandons the hold' && does !== 'gives the hold back') return pay(fan, hold)
  fan.books.gone++
  if (does === 'abandons the hold') return 'abandoned'
  const answer = await fan.send('DELETE', `/seats/holds/${hold.holdId}`)
  // On a slow machine it may have ended by itself before it could be given back.
  const hasEnded = answer.body?.code === 'NOT_FOUND' && Date.now() >= Date.parse(hold.expiresAt)
  if (answer.status !== 204 && answer.body?.code !== 'PASS_EXPIRED' && !hasEnded) fan.surprised('giving back', answer)
  return 'gone'
}

async function leave(fan: Fan): Promise<void> {
  const answer = await fan.send('DELETE', `/queue?scheduleId=${fan.scheduleId}`)
  if (answer.status !== 204) fan.surprised('leaving', answer)
}
