import type { Claim } from '../seating/claim.ts'
import { partsOf } from '../seating/hold.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'

/** Shows the fast store these live claims of the record, one projection a payment. */
export async function projectClaims(holdDesk: Pick<HoldDesk, 'project'>, claims: readonly Claim[]): Promise<void> {
  const byPayment = new Map<string, Claim[]>()
  for (const claim of claims) {
    const key = `${claim.requestId}/${claim.recordVersion}`
    const mine = byPayment.get(key)
    if (mine) mine.push(claim)
    else byPayment.set(key, [claim])
  }
  await Promise.all(
    [...byPayment.values()].map((mine) => {
      const { scheduleId, requestId, recordVersion, state, holder } = mine[0]!
      const places = mine.map(({ section, seat }) => ({ section, index: seat }))
      return holdDesk.project({ scheduleId, requestId, recordVersion, state, holder, parts: partsOf(places, () => 0) })
    }),
  )
}
