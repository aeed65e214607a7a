import { type SeatState, seatStates } from '@b-ticketing/core'
import type { Id, SeatChange, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import { groupBy } from './group-by.ts'
import { type Keys, seatsKeptMs } from './keys.ts'
import { loadScript, type ScriptRunner } from './script.ts'
import type { SeatName } from './seat-names.ts'

const showSeats = loadScript('show-seats')

/** What stands under `seat:{<scheduleId>}:<seatId>`, as JSON. A seat without a key is free. */
export interface ShownSeat {
  readonly status: Exclude<SeatState, 'AVAILABLE'>
  readonly version: number
  /** Of a hold, and of its payment once it is being paid. */
  readonly holdId?: Id
  readonly requestId?: Id
  readonly expiresAt?: number
}

/** Keys per call: a longer one would keep others waiting. */
const most = 500

/** So that keys of holds that end together do not end together. */
const jitterMs = () => Math.floor(Math.random() * 1_000)

/**
 * The readable view of seats, written behind in the turn of the change. Nothing reads it: what is lost on the way, or overtaken,
 * is gone with the TTL.
 */
export interface SeatView {
  show(p: {
    readonly scheduleId: Id
    readonly now: number
    /** After the call. */
    readonly version: number
    readonly changes: readonly SeatChange[]
    readonly commands?: readonly SeatCommand[]
    readonly replies?: readonly SeatReply[]
  }): void
  /** Waits for what is on its way. */
  settled(): Promise<void>
}

export function createSeatView(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'seat'>
  /** Each section has a hash tag of its own. */
  readonly bySection?: boolean
  readonly names: (scheduleId: Id) => Promise<SeatName>
}): SeatView {
  const writing = new Set<Promise<unknown>>()

  const write = async (scheduleId: Id, now: number, shown: ReadonlyMap<string, Shown>): Promise<void> => {
    const name = await p.names(scheduleId)
    const tagOf = (section: Id): string => (p.bySection ? `${scheduleId}/${section}` : scheduleId)
    const rows = [...shown.values()].map(({ section, seat, version, document }) => ({
      tag: tagOf(section),
      key: p.keys.seat(tagOf(section), name(section, seat)),
      args: [version, document ? lifeOf(document, now) : 0, document ? JSON.stringify(document) : ''],
    }))
    for (const list of groupBy(rows, ({ tag }) => tag).values()) {
      for (let at = 0; at < list.length; at += most) {
        const some = list.slice(at, at + most)
        await p.scripts.run(showSeats, { keys: some.map(({ key }) => key), args: some.flatMap(({ args }) => args) })
      }
    }
  }

  return {
    show: ({ scheduleId, now, version, changes, commands = [], replies = [] }) => {
      const shown = new Map<string, Shown>()
      for (const change of changes) shown.set(`${change.section}/${change.seat}`, shownChange(change))
      for (const [i, reply] of replies.entries()) addHold(shown, version, commands[i]!, reply)
      if (shown.size === 0) return
      const written = write(scheduleId, now, shown)
        .catch(() => {})
        .finally(() => writing.delete(written))
      writing.add(written)
    },
    settled: async () => {
      await Promise.all(writing)
    },
  }
}

interface Shown {
  readonly section: Id
  readonly seat: number
  readonly version: number
  /** Null: free. */
  readonly document: ShownSeat | null
}

function shownChange({ section, seat, code, version }: SeatChange): Shown {
  const status = seatStates[code]
  return { section, seat, version, document: status === 'AVAILABLE' ? null : { status, version } }
}

/** Whose a reserved seat is, and until when; an extension and a pin change nothing else. */
function addHold(shown: Map<string, Shown>, after: number, command: SeatCommand, reply: SeatReply): void {
  if (reply.is !== 'hold' || reply.repeated) return
  const { holdId, requestId, expiresAt, parts } = reply.hold
  const owner = requestId === null ? { holdId, expiresAt } : { holdId, requestId }
  for (const { section, seats } of parts) {
    for (const seat of seats) {
      const change = shown.get(`${section}/${seat}`)
      // A later command of the same call has given it to somebody else, or it was free again.
      if (change ? change.document?.status !== 'RESERVED' : command.do === 'take') continue
      const version = change?.version ?? after
      shown.set(`${section}/${seat}`, { section, seat, version, document: { status: 'RESERVED', version, ...owner } })
    }
  }
}

const lifeOf = ({ expiresAt }: ShownSeat, now: number): number =>
  expiresAt === undefined ? seatsKeptMs : Math.max(1, expiresAt - now) + jitterMs()
