import type { AuditRow } from '../shared/audit.ts'
import { base64url, sha256Hex } from '../shared/crypto.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId, newId } from '../shared/ids.ts'
import { type Observer, silentObserver } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Page } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import { demandFields, isCount } from './document.ts'
import { checkNewSchedule, type NewSchedule, scheduleOf } from './new-schedule.ts'
import { refuse } from './problems.ts'
import { createRecordCache, type RecordCache } from './record-cache.ts'
import { createRecordChange, demandKnown, type RecordChange } from './record-change.ts'
import type { SaleRecords } from './sale-records.ts'
import { mergeSettings } from './sale-settings.ts'
import { canJump, isSaleState, jumpToOpen, type SaleState, saleStates } from './sale-state.ts'
import type { SaleDraw, SaleSettings, ScheduleRecord } from './schedule.ts'
import { copyVenue, type Venue } from './venue.ts'
import { createVenueCache, type VenueCache } from './venue-cache.ts'
import { validateVenue } from './venue-problems.ts'

/** The catalogue as the host uses it: `engine.schedules`. Every method throws `INVALID` for malformed input. */
export interface Schedules {
  /** Puts an equal venue any number of times. @throws `EXISTS` for another venue of this id, `INVALID` with `details.problems`. */
  putVenue(p: { venue: Venue; by?: Id }): Promise<Venue>
  /** @throws `NOT_FOUND` */
  venue(p: { venueId: Id }): Promise<Venue>
  /** `venue` is put first when given. A missing price is the grade's own. @throws `EXISTS`, `NOT_FOUND` (venue). */
  create(p: NewSchedule): Promise<ScheduleRecord>
  /** Cached for at most 1 s. @throws `NOT_FOUND` */
  get(p: { scheduleId: Id }): Promise<ScheduleRecord>
  list(p?: { after?: string }): Promise<Page<ScheduleRecord>>
  /** @throws `NOT_FOUND`, `STATE_JUMP` for a change the table of states does not have. */
  setState(p: { scheduleId: Id; state: SaleState; by?: Id }): Promise<ScheduleRecord>
  /** Settings that are not named stay as they are. @throws `NOT_FOUND` */
  setSettings(p: { scheduleId: Id; settings: Partial<SaleSettings>; by?: Id }): Promise<ScheduleRecord>
  /**
   * A new epoch: ends numbers, tickets, passes and unpinned holds; never payments or bookings. A repeat under the same
   * `operationId` resets nothing. @throws `NOT_FOUND`
   */
  reset(p: { scheduleId: Id; by?: Id; operationId?: Id }): Promise<ScheduleRecord>
  audit(p?: { after?: string }): Promise<Page<AuditRow>>
}

interface Desk {
  readonly catalogue: Catalogue
  readonly runtime: Runtime
  readonly records: RecordCache
  readonly venues: VenueCache
  readonly change: RecordChange
}

/** `schedules` is for the host; `records` is what the rooms behind the catalogue work with. */
export function createSchedules(p: {
  readonly catalogue: Catalogue
  readonly runtime: Runtime
  readonly observer?: Observer
}): { readonly schedules: Schedules; readonly records: SaleRecords } {
  const { catalogue, runtime, observer = silentObserver } = p
  const records = createRecordCache({ catalogue, runtime })
  const change = createRecordChange({ catalogue, records, observer })
  const desk: Desk = { catalogue, runtime, records, venues: createVenueCache(catalogue), change }
  const schedules = { ...reading(desk), ...creating(desk), ...changing(desk) }
  return { schedules, records: { get: schedules.get, ...forRooms(desk) } }
}

const reading = ({ catalogue, records, venues }: Desk): Pick<Schedules, 'venue' | 'get' | 'list' | 'audit'> => ({
  venue: async (q) => venues.venue(demandId(demandFields(q, ['venueId']).venueId, 'venueId')),
  get: async (q) => {
    const scheduleId = demandId(demandFields(q, ['scheduleId']).scheduleId, 'scheduleId')
    return demandKnown(await records.get(scheduleId), scheduleId)
  },
  list: async (q = {}) => {
    const page = await catalogue.schedules(cursor(q))
    records.put(page.items)
    return page
  },
  audit: async (q = {}) => catalogue.audit(cursor(q)),
})

function creating({ catalogue, runtime, records, venues }: Desk): Pick<Schedules, 'putVenue' | 'create'> {
  const putVenue = async (venue: Venue, by: Id): Promise<Venue> => {
    const copy = copyVenue(venue)
    if ((await catalogue.putVenue({ venue: copy, by })) !== 'conflict') return copy
    throw new TicketingError('EXISTS', `another venue is called ${copy.venueId}`)
  }

  return {
    putVenue: async (q) => {
      const { venue, by } = demandFields(q, ['venue', 'by'])
      return putVenue(demandVenue(venue), actor(by))
    },
    // Everything is looked at before anything is put.
    create: async (q) => {
      checkNewSchedule(q)
      const { scheduleId } = q
      const by = actor(q.by)
      const venue = q.venue === undefined ? await venues.venue(demandId(q.venueId, 'venueId')) : demandVenue(q.venue)
      if (q.venueId !== undefined && q.venueId !== venue.venueId)
        throw new TicketingError('INVALID', 'venueId is not that of the venue')
      const schedule = scheduleOf(q, venue)
      if (q.venue) await putVenue(venue, by)
      const put = await catalogue.putSchedule({ schedule, epoch: newId(runtime), draw: newDraw(runtime), by })
      // Also for whoever is refused: the copy may still say that there is none.
      const record = await records.fresh(scheduleId)
      if (put === 'exists') throw new TicketingError('EXISTS', `schedule ${scheduleId} exists`)
      return demandKnown(record, scheduleId)
    },
  }
}

const changing = ({ runtime, change }: Desk): Pick<Schedules, 'setState' | 'setSettings' | 'reset'> => ({
  setState: async (q) => {
    const { scheduleId, state, by } = demandFields(q, ['scheduleId', 'state', 'by'])
    if (!isSaleState(state)) throw new TicketingError('INVALID', `state must be one of ${saleStates.join(', ')}`)
    return change(demandId(scheduleId, 'scheduleId'), actor(by), (record) => {
      if (canJump(record.state, state)) return { set: { state } }
      throw new TicketingError('STATE_JUMP', `a sale does not go from ${record.state} to ${state}`, {
        details: { from: record.state, to: state },
      })
    })
  },
  setSettings: async (q) => {
    const { scheduleId, settings, by } = demandFields(q, ['scheduleId', 'settings', 'by'])
    return change(demandId(scheduleId, 'scheduleId'), actor(by), (record) => {
      const changed = settingsChanged(record.settings, mergeSettings(record.settings, settings))
      return changed && { set: { settings: changed } }
    })
  },
  reset: async (q) => {
    const { scheduleId, by, operationId } = demandFields(q, ['scheduleId', 'by', 'operationId'])
    const once = operationId === undefined ? {} : { operationId: demandId(operationId, 'operationId') }
    return change(demandId(scheduleId, 'scheduleId'), actor(by), () => ({
      // The numbers of the new epoch start at 1 again, and so does what may be issued.
      set: { epoch: newId(runtime), draw: newDraw(runtime), ceiling: 0 },
      action: 'reset',
      ...once,
    }))
  },
})

const forRooms = ({ records, venues, change }: Desk): Omit<SaleRecords, 'get'> => ({
  fresh: async ({ scheduleId }) => demandKnown(await records.fresh(scheduleId), scheduleId),
  peek: ({ scheduleId }) => records.peek(scheduleId),
  live: () => records.live(),
  seatMap: async ({ scheduleId }) => {
    const record = await records.get(demandId(scheduleId, 'scheduleId'))
    return venues.seatMap(demandKnown(record, scheduleId).venueId)
  },
  open: async ({ scheduleId }) => {
    const step = () =>
      change(demandId(scheduleId, 'scheduleId'), 'loop', ({ state }) => {
        const next = jumpToOpen(state)
        return next && { set: { state: next } }
      })
    let record = await step()
    while (jumpToOpen(record.state) !== null) record = await step()
    return record
  },
  bumpIncarnation: async ({ scheduleId, from }) => {
    if (!isCount(from)) throw new TicketingError('INVALID', 'from must be an integer ≥ 0')
    return change(demandId(scheduleId, 'scheduleId'), 'loop', ({ incarnation }) =>
      incarnation > from ? null : { set: { incarnation: incarnation + 1 } },
    )
  },
})

const actor = (by: unknown): Id => (by === undefined ? 'operator' : demandId(by, 'by'))

function demandVenue(venue: unknown): Venue {
  refuse('the venue', validateVenue(venue))
  return venue as Venue
}

function cursor(q: unknown): { readonly after?: string } {
  const { after } = demandFields(q, ['after'])
  if (after === undefined) return {}
  if (typeof after === 'string' && after.length <= 200) return { after }
  throw new TicketingError('INVALID', 'after must be the next of a page')
}

/** Whoever knows the commitment can check, once the secret is out, that it was fixed beforehand. */
function newDraw(runtime: Pick<Runtime, 'random'>): SaleDraw {
  const secret = base64url(runtime.random(32))
  return { secret, commitment: sha256Hex(secret) }
}

function settingsChanged(before: SaleSettings, after: SaleSettings): Partial<SaleSettings> | null {
  const changed = Object.entries(after).filter(([key, value]) => before[key as keyof SaleSettings] !== value)
  return changed.length === 0 ? null : Object.fromEntries(changed)
}
