import type { Fan } from './fan.ts'

export interface FanHold {
  readonly holdId: string
  readonly seats: readonly { readonly seatId: string }[]
  readonly amount: { readonly value: number }
  readonly expiresAt: string
}

const mostTries = 6
const triesByHand = 3

/** Seats for the party, or for fewer of them when no more are left; null when there are none, or the pass ran out. */
export async function chooseSeats(fan: Fan, round: number): Promise<FanHold | null> {
  let { party } = fan.who
  for (let tries = 0; tries < mostTries; tries++) {
    await fan.think(500)
    const byHand = fan.who.chooses === 'by-hand' && tries < triesByHand
    const seatIds = byHand ? await pointAtSeats(fan, party) : null
    const key = `seats-${fan.name}-${round}-${tries}`
    const answer = seatIds
      ? await fan.send('POST', '/seats/select', { seatIds }, key)
      : await fan.send('POST', '/seats/auto-assign', { quantity: party }, key)
    if (answer.status === 201 || answer.status === 200) return answer.body
    const { code, largestFit } = answer.body ?? {}
    if (code === 'SEAT_TAKEN') continue
    if (code === 'SEATS_UNAVAILABLE' && largestFit > 0) party = Math.min(party, largestFit)
    else {
      if (code !== 'SEATS_UNAVAILABLE' && code !== 'PASS_EXPIRED') fan.surprised('seats', answer)
      return null
    }
  }
  return null
}

/** Neighbours in one row of one section, picked by eye; null when this section shows none. */
async function pointAtSeats(fan: Fan, party: number): Promise<readonly string[] | null> {
  const sections = await fan.send('GET', '/seats/sections')
  if (sections.status !== 200) return null
  const open = (sections.body.sections as { id: string; available: number }[]).filter((s) => s.available >= party)
  const section = open[fan.random.below(open.length)]
  if (section === undefined) return null
  const plan = await fan.send('GET', `/seats/status?section=${section.id}`)
  if (plan.status !== 200) return null
  await fan.think(400)
  for (const row of plan.body.rows as { seats: { seatId: string; state: string }[] }[]) {
    const free = row.seats.filter(({ state }) => state === 'AVAILABLE')
    if (free.length < party) continue
    const from = fan.random.below(free.length - party + 1)
    return free.slice(from, from + party).map(({ seatId }) => seatId)
  }
  return null
}
