import type {
  ChangeOrigin,
  HoldRecord,
  Id,
  MapDelta,
  MapSnapshot,
  Ms,
  PackedSection,
  Part,
  SeatChange,
  SeatCode,
  SeatCommand,
  SeatReply,
  SectionState,
  Version,
} from '@b-ticketing/core/ports'
import { bytesIn, type Packable, pack, type Unpacked, type Unpacker, unpacker, utf8 } from './msgpack.ts'

// What the scripts of seats are told and answer: see scripts/lib/seats.lua and the headers of the scripts.

const origins = ['USER', 'EXPIRY', 'PAYMENT', 'ADMIN'] as const satisfies readonly ChangeOrigin[]

export const packParts = (parts: readonly Part[]): Buffer =>
  pack(...parts.map(({ section, seats }) => [section, ...seats]))

const unpackPart = ([section, ...seats]: Unpacked[]): Part => ({ section: section as Id, seats: seats as number[] })

export function unpackParts(raw: string): readonly Part[] {
  const reader = unpacker(bytesIn(raw))
  const parts: Part[] = []
  while (reader.more()) parts.push(unpackPart(reader.list()))
  return parts
}

export function packCommand(command: SeatCommand): Buffer {
  const { operationId, fingerprint = '' } = command
  const head = [command.do, operationId, fingerprint]
  switch (command.do) {
    case 'take': {
      const { holdId, holder, epoch, ttlMs, notAfter, quota, price, memo = false, replaces } = command
      const parts = packParts(command.parts)
      const row = pack(holder, epoch, '', parts, JSON.stringify(price))
      const answer = pack(fingerprint, memo, holdId)
      const terms = [holdId, holder, ttlMs, notAfter, quota, parts, row, answer]
      return pack(...head, ...terms, replaces?.holdId ?? '', replaces?.version ?? 0, 0)
    }
    case 'release':
      return pack(...head, command.holdId, command.version, command.holder)
    case 'extend':
      return pack(...head, command.holdId, command.version, command.holder, command.ttlMs, command.notAfter)
    case 'pin':
      return pack(...head, command.holdId, command.version, command.holder, command.requestId, command.leaseMs)
    case 'unpin':
      return pack(...head, command.requestId)
    case 'project': {
      const { part, state, owner, holder, recordVersion } = command
      const code = state === 'BLOCKED' ? 3 : owner === null || holder === null ? 0 : claimed[state]
      return pack(...head, packParts([part]), code, owner ?? '', holder ?? '', recordVersion)
    }
    case 'grow':
      return pack(...head, command.section, command.from + command.count)
    case 'reset':
      return pack(...head, command.epoch)
    case 'recall':
      return pack(...head)
  }
}

export const claimed = { AVAILABLE: 0, PAYING: 1, COMPLETED: 2 } as const

export const packSection = ({ section, count, blocked, claims, holds }: SectionState): Buffer =>
  pack(
    section,
    count,
    blocked.map(({ seat, recordVersion }) => [seat, recordVersion]),
    claims.map((c) => [c.seat, claimed[c.state], c.requestId, c.holder, c.recordVersion]),
    holds.map(packHold),
  )

export const packHold = ({
  holdId,
  version,
  createdAt,
  expiresAt,
  holder,
  epoch,
  parts,
  price,
}: HoldRecord): Packable[] => [
  ...[holdId, version, createdAt, expiresAt],
  ...[holder, epoch, packParts(parts), JSON.stringify(price)],
]

type HoldRow = [
  version: number,
  createdAt: number,
  expiresAt: number,
  holder: Id,
  epoch: Id,
  requestId: Id,
  parts: string,
  price: string,
]

/** A hold's row, as the hash has it. */
function unpackHold(scheduleId: Id, holdId: Id, row: readonly Unpacked[]): HoldRecord {
  const [version, createdAt, expiresAt, holder, epoch, requestId, parts, price] = row as HoldRow
  return {
    holdId,
    version,
    scheduleId,
    holder,
    parts: unpackParts(parts),
    price: JSON.parse(utf8(price)),
    createdAt,
    expiresAt,
    epoch,
    requestId: requestId === '' ? null : requestId,
  }
}

export const unpackHoldRow = (scheduleId: Id, holdId: Id, row: string): HoldRecord => {
  const reader = unpacker(bytesIn(row))
  return unpackHold(
    scheduleId,
    holdId,
    Array.from({ length: 8 }, () => reader.next()),
  )
}

export function unpackReply(scheduleId: Id, command: SeatCommand, now: Ms, answer: Unpacked): SeatReply {
  if (typeof answer === 'number') return heldAsAsked(scheduleId, command, now, answer)
  const [is, ...rest] = answer as Unpacked[]
  switch (is) {
    case 'hold': {
      const [repeated, holdId, memo, ...row] = rest
      const hold = unpackHold(scheduleId, holdId as Id, row)
      return { is, hold, repeated: repeated === 1, ...(typeof memo === 'string' && { memo: utf8(memo) }) }
    }
    case 'taken':
      return { is, parts: (rest as Unpacked[][]).map(unpackPart) }
    case 'quota':
      return { is, owned: rest[0] as number }
    case 'cooldown':
      return { is, retryInMs: rest[0] as number }
    case 'paying':
      return { is, requestId: rest[0] as Id }
    case 'missing':
      return { is, sections: rest as Id[] }
    default:
      return { is: is as 'done' | 'late' | 'stale' | 'reused' }
  }
}

function heldAsAsked(scheduleId: Id, command: SeatCommand, now: Ms, version: Version): SeatReply {
  if (command.do !== 'take') throw new TypeError('only a take is answered by a new hold')
  const { holdId, holder, parts, price, epoch, memo, ttlMs, notAfter } = command
  // Core's `holdDeadline`, as the script has judged it.
  const times = { createdAt: now, expiresAt: Math.min(now + ttlMs, notAfter) }
  const hold = { holdId, version, scheduleId, holder, parts, price, ...times, epoch, requestId: null }
  return { is: 'hold', hold, repeated: false, ...(memo !== undefined && { memo }) }
}

/** The changes that follow `from`, each with the version it took. */
export function unpackNews(from: number, news: Buffer): readonly SeatChange[] {
  const reader = unpacker(news)
  const changes: SeatChange[] = []
  let [version, code, origin]: [number, SeatCode, ChangeOrigin] = [from, 0, 'USER']
  while (reader.more()) {
    const value = reader.next()
    if (value === 127) version++
    else if (typeof value === 'number') [code, origin] = [(value >> 2) as SeatCode, origins[value & 3]!]
    else {
      const { section, seats } = unpackPart(value as Unpacked[])
      for (const seat of seats) changes.push({ section, seat, code, version: ++version, origin })
    }
  }
  return changes
}

/** Names of sections and their rows, to the end of the reply. */
export function unpackSections(reader: Unpacker): readonly PackedSection[] {
  const sections: PackedSection[] = []
  while (reader.more()) sections.push(unpackSection(reader.text(), reader))
  return sections
}

function unpackSection(section: Id, reader: Unpacker): PackedSection {
  reader.number()
  const count = reader.number()
  const version = reader.number()
  reader.number()
  return { section, count, version, codes: new Uint8Array(reader.bytes()) }
}

export function unpackMap(
  [head, body]: readonly [Buffer, Buffer],
  wanted: readonly Id[],
  since: number,
): MapSnapshot | MapDelta | { readonly is: 'missing'; readonly sections: readonly Id[] } {
  const reader = unpacker(head)
  const is = reader.text()
  if (is === 'missing') {
    const sections: Id[] = []
    while (reader.more()) sections.push(reader.text())
    return { is, sections }
  }
  const common = { version: reader.number(), storeTime: reader.number() }
  const rest = unpacker(body)
  if (is === 'snapshot') return { is, ...common, sections: wanted.map((section) => unpackSection(section, rest)) }
  const known = new Set(wanted)
  const changes = unpackEntries(rest).filter(({ section, version }) => version > since && known.has(section))
  return { is: 'delta', from: since, ...common, changes }
}

/** Entries of a log, to the end of the reply. */
export function unpackEntries(reader: Unpacker): readonly SeatChange[] {
  const changes: SeatChange[] = []
  while (reader.more()) {
    const [from] = [reader.number(), reader.number(), reader.number()]
    changes.push(...unpackNews(from, reader.bytes()))
  }
  return changes
}
