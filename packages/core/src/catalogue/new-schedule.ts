import { demandId } from '../shared/ids.ts'
import type { Id, Ms } from '../shared/types.ts'
import { demandFields, isCount, isText } from './document.ts'
import { mergePrices } from './prices.ts'
import { createProblems, refuse } from './problems.ts'
import { mergeSettings } from './sale-settings.ts'
import { isSaleState, type SaleState, saleStates } from './sale-state.ts'
import { defaultSettings, type SaleSettings, type Schedule } from './schedule.ts'
import type { Venue } from './venue.ts'

/** What a host says to sell a schedule. All but the id and the venue has a default. */
export interface NewSchedule {
  readonly scheduleId: Id
  /** Put first when given; else `venueId` names one that is there. */
  readonly venue?: Venue
  readonly venueId?: Id
  /** Default: the scheduleId. */
  readonly name?: string
  /** In minor units by grade id; a missing one is the grade's own. */
  readonly prices?: Readonly<Record<Id, number>>
  readonly startsAt?: Ms | null
  readonly opensAt?: Ms | null
  /** Default: `scheduled`. */
  readonly state?: SaleState
  readonly settings?: Partial<SaleSettings>
  readonly by?: Id
}

const fields = ['scheduleId', 'venue', 'venueId', 'name', 'prices', 'startsAt', 'opensAt', 'state', 'settings', 'by']

/** The last instant that a Date can show. */
const lastInstant = 8_640_000_000_000_000

const isInstant = (value: unknown): boolean => isCount(value) && value <= lastInstant

/** @throws TicketingError `INVALID` for what needs no venue to be seen as wrong. */
export function checkNewSchedule(p: unknown): void {
  const given = demandFields(p, fields)
  demandId(given.scheduleId, 'scheduleId')
  const problems = createProblems()
  if (given.venue === undefined && given.venueId === undefined) problems.add('venueId', 'or venue must be given')
  if (given.name !== undefined && !isText(given.name)) problems.add('name', 'must be a text of 1 to 200 characters')
  if (given.state !== undefined && !isSaleState(given.state))
    problems.add('state', `must be one of ${saleStates.join(', ')}`)
  for (const key of ['startsAt', 'opensAt'] as const)
    if (given[key] !== undefined && given[key] !== null && !isInstant(given[key]))
      problems.add(key, 'must be milliseconds since 1970 or null')
  refuse('the schedule', problems.list())
  mergeSettings(defaultSettings, given.settings ?? {})
}

/** @throws TicketingError `INVALID` when the prices do not fit the venue. */
export const scheduleOf = (p: NewSchedule, venue: Venue): Schedule => ({
  scheduleId: p.scheduleId,
  venueId: venue.venueId,
  name: p.name ?? p.scheduleId,
  currency: venue.currency,
  startsAt: p.startsAt ?? null,
  opensAt: p.opensAt ?? null,
  prices: mergePrices(venue, p.prices ?? {}),
  state: p.state ?? 'scheduled',
  settings: mergeSettings(defaultSettings, p.settings ?? {}),
})
