import type { Claim } from '../seating/claim.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'

export type Owner = Awaited<ReturnType<HoldDesk['owners']>>[number]

/** Where the fast store names another owner of a seat than the record. */
export interface Differences {
  /** Claims it does not show, or in another state. */
  readonly hidden: readonly Claim[]
  /** Owners without a claim. */
  readonly strays: readonly Owner[]
}

type Place = Pick<Owner, 'section' | 'seat'>
type Owned = Place & Pick<Owner, 'state' | 'requestId'>

const placeOf = ({ section, seat }: Place): string => `${section}/${seat}`
const sightOf = (owned: Owned): string => `${placeOf(owned)} ${owned.requestId} ${owned.state}`

export function differencesOf(owners: readonly Owner[], claims: readonly Claim[]): Differences {
  const shown = new Set(owners.map(sightOf))
  const claimed = new Map(claims.map((claim) => [placeOf(claim), claim.requestId]))
  return {
    hidden: claims.filter((claim) => !shown.has(sightOf(claim))),
    strays: owners.filter((owner) => claimed.get(placeOf(owner)) !== owner.requestId),
  }
}

export const isNone = ({ hidden, strays }: Differences): boolean => hidden.length === 0 && strays.length === 0

/** Those of `before` that another look finds as they were. */
export function standing({ hidden, strays }: Differences, owners: readonly Owner[]): Differences {
  const shown = new Set(owners.map(sightOf))
  return {
    hidden: hidden.filter((claim) => !shown.has(sightOf(claim))),
    strays: strays.filter((owner) => shown.has(sightOf(owner))),
  }
}

/** Those of `before` that another look finds no more, each seat once. */
export function endedSince(before: Differences, owners: readonly Owner[]): Differences {
  const left = standing(before, owners)
  const hidden = before.hidden.filter((claim) => !left.hidden.includes(claim))
  const again = new Set(hidden.map(placeOf))
  const strays = before.strays.filter((owner) => !left.strays.includes(owner) && !again.has(placeOf(owner)))
  return { hidden, strays }
}
