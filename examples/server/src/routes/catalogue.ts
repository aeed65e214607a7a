import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ScheduleRecord, Venue } from '@b-ticketing/core'
import { defineRoute, type Reply, type Route } from '../http/route.ts'
import { json, matches, notModified, ok } from './answers.ts'
import type { House } from './house.ts'
import { scheduleDetail, scheduleParams, schedules, venue, venueParams } from './schemas.ts'
import { scheduleDetailWire, scheduleWire, venueWire } from './wire.ts'

export function catalogueRoutes({ engine }: Pick<House, 'engine'>): readonly Route[] {
  const venueFile = venueFiles()
  return [
    defineRoute({
      method: 'GET',
      path: '/schedules',
      name: 'listSchedules',
      summary: 'Every sale',
      auth: 'open',
      replies: { 200: json('All sales.', schedules) },
      handle: async () => ({
        ...ok({ schedules: (await allSchedules(engine)).map(scheduleWire) }),
        headers: briefly,
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/schedules/{scheduleId}',
      name: 'getSchedule',
      summary: 'One sale with its prices, limits and draw',
      auth: 'open',
      params: scheduleParams,
      replies: { 200: json('The sale.', scheduleDetail) },
      handle: async ({ params }) => ({ ...ok(await scheduleOf(engine, params.scheduleId)), headers: briefly }),
    }),
    defineRoute({
      method: 'GET',
      path: '/venues/{venueId}',
      name: 'getVenue',
      summary: 'The immutable seat map',
      auth: 'open',
      params: venueParams,
      replies: { 200: json('The venue.', venue), 304: notModified },
      handle: async ({ params, headers }) => {
        const file = await venueFile(await engine.schedules.venue(params))
        return fileReply(file, headers['if-none-match'], headers['accept-encoding'])
      },
    }),
  ]
}

const briefly = { 'cache-control': 'public, max-age=1' }

async function scheduleOf(engine: House['engine'], scheduleId: string) {
  const record = await engine.schedules.get({ scheduleId })
  return detailOf(engine, record)
}

export async function detailOf(engine: House['engine'], record: ScheduleRecord) {
  const [place, draw] = await Promise.all([
    engine.schedules.venue({ venueId: record.venueId }),
    engine.waitingRoom.draw({ scheduleId: record.scheduleId }),
  ])
  return scheduleDetailWire(record, place, draw)
}

async function allSchedules(engine: House['engine']): Promise<readonly ScheduleRecord[]> {
  const all: ScheduleRecord[] = []
  for (let after: string | null = ''; after !== null; ) {
    const page: Awaited<ReturnType<typeof engine.schedules.list>> = await engine.schedules.list(after ? { after } : {})
    all.push(...page.items)
    after = page.next
  }
  return all
}

interface VenueFile {
  readonly etag: string
  readonly plain: Buffer
  readonly zipped: Buffer
}

const zip = promisify(gzip)

/** A ballpark is megabytes of JSON that never change: written and packed once, then sent as they are. */
function venueFiles(): (venue: Venue) => Promise<VenueFile> {
  const files = new WeakMap<Venue, VenueFile>()
  return async (place) => {
    const known = files.get(place)
    if (known) return known
    const plain = Buffer.from(JSON.stringify(venueWire(place)))
    const etag = createHash('sha256').update(plain).digest('base64url').slice(0, 22)
    const file = { etag, plain, zipped: await zip(plain) }
    files.set(place, file)
    return file
  }
}

function fileReply(file: VenueFile, ifNoneMatch: string | undefined, encodings: string | string[] = ''): Reply {
  const zipped = /\bgzip\b(?!\s*;\s*q=0(\.0+)?\s*(,|$))/.test(String(encodings))
  const etag = `"${file.etag}${zipped ? '-gzip' : ''}"`
  const headers = {
    etag,
    vary: 'accept-encoding',
    'cache-control': 'public, max-age=3600, immutable',
    ...(zipped && { 'content-encoding': 'gzip' }),
  }
  if (matches(ifNoneMatch, etag)) return { status: 304, headers }
  return {
    status: 200,
    headers,
    content: { type: 'application/json; charset=utf-8', bytes: zipped ? file.zipped : file.plain },
  }
}
