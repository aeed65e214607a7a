import type { Claim, SeatInventory, SectionState } from '@b-ticketing/core/ports'
import type { Journal } from '../journal.ts'
import type { Ears } from '../tap.ts'
import type { Witness } from '../witness.ts'

type Command = Parameters<SeatInventory['commit']>[0]['commands'][number]
type Reply = Awaited<ReturnType<SeatInventory['commit']>>['replies'][number]
type HoldRecord = Extract<Reply, { is: 'hold' }>['hold']

/** Holds as an outsider keeps their books: from the commands and answers of the fast store alone. */
export interface HoldCheck {
  readonly ears: Ears<SeatInventory>
  lost(): void
}

export function createHoldCheck(p: {
  readonly now: () => number
  /** The highest limit that was ever in force. */
  readonly maxSeats: number
  readonly witness: Witness
  readonly journal: Journal
}): HoldCheck {
  const { now, witness, journal } = p
  const holds = new Map<string, HoldRecord>()
  const owners = new Map<string, string>()
  const operations = new Map<string, string>()
  /** Claims as the fast store was told of them: a limit can only be kept by what is known. */
  const shown = new Map<string, Pick<Claim, 'holder' | 'requestId' | 'recordVersion'>>()
  const versions = new Map<string, number>()

  const keysOf = (hold: Pick<HoldRecord, 'parts'>): readonly string[] =>
    hold.parts.flatMap(({ section, seats }) => seats.map((seat) => `${section}/${seat}`))

  const ownKeys = (hold: HoldRecord): readonly string[] => keysOf(hold).filter((key) => owners.get(key) === hold.holdId)

  const isLive = (hold: HoldRecord | undefined): boolean =>
    hold !== undefined && (hold.requestId !== null || hold.expiresAt > now())

  /** Live, and its visitor's alone: what is being paid goes on as a claim. */
  const isHeld = (hold: HoldRecord | undefined): boolean => hold?.requestId === null && isLive(hold)

  const end = (holdId: string): void => {
    const hold = holds.get(holdId)
    if (!hold) return
    holds.delete(holdId)
    for (const key of keysOf(hold)) if (owners.get(key) === holdId) owners.delete(key)
  }

  const put = (hold: HoldRecord): void => {
    end(hold.holdId)
    holds.set(hold.holdId, hold)
    for (const key of keysOf(hold)) owners.set(key, hold.holdId)
  }

  /** Seats held and claimed, each once: a projected claim ended the hold it met, wherever that was seen. */
  const ownedBy = (holder: string): number => {
    const seats = new Set<string>()
    for (const hold of holds.values())
      if (hold.holder === holder && isLive(hold)) for (const key of ownKeys(hold)) seats.add(key)
    for (const [key, claim] of shown) if (claim.holder === holder) seats.add(key)
    return seats.size
  }

  const taken = (command: Extract<Command, { do: 'take' }>, hold: HoldRecord): void => {
    if (command.replaces) end(command.replaces.holdId)
    for (const key of keysOf(hold)) {
      const other = owners.get(key)
      const live = other !== undefined && other !== hold.holdId && isLive(holds.get(other))
      witness.check(
        'H2',
        !live,
        () => `seat ${key} of hold ${other} was given to hold ${hold.holdId} of ${hold.holder}`,
      )
    }
    put(hold)
    witness.check(
      'I3',
      hold.expiresAt > now() && hold.expiresAt <= command.notAfter,
      () => `hold ${hold.holdId} ends at ${hold.expiresAt}`,
    )
    const owned = ownedBy(hold.holder)
    witness.check('H9', owned <= p.maxSeats, () => `${hold.holder} owns ${owned} seats of at most ${p.maxSeats}`)
  }

  /** H10: only the owner of this very version moves a hold; H7: and only while it lives. */
  const moved = (
    command: Extract<Command, { do: 'release' | 'extend' | 'pin' }>,
    hold: HoldRecord | undefined,
  ): void => {
    const known = holds.get(command.holdId)
    if (!known) return
    witness.check(
      'H10',
      known.holder === command.holder,
      () => `${command.holder} did ${command.do} hold ${known.holdId} of ${known.holder}`,
    )
    witness.check('H8', isLive(known), () => `${command.do} of hold ${known.holdId}, due since ${known.expiresAt}`)
    if (command.do === 'release') {
      journal.met('release')
      return end(command.holdId)
    }
    if (!hold) return
    if (command.do === 'extend') {
      journal.met('extend')
      const cap = Math.max(known.expiresAt, Math.min(hold.createdAt + 3 * command.ttlMs, command.notAfter))
      witness.check('H7', hold.expiresAt <= cap, () => `hold ${hold.holdId} was extended past its cap`)
    } else journal.met('pin')
    put(hold)
  }

  const heard = (command: Command, reply: Reply): void => {
    if (reply.is === 'hold' && !reply.repeated && command.do === 'take') taken(command, reply.hold)
    else if ((reply.is === 'hold' && !reply.repeated) || (reply.is === 'done' && command.do === 'release')) {
      if (command.do === 'release' || command.do === 'extend' || command.do === 'pin') {
        // The same operation again is answered without being done again.
        if (operations.has(command.operationId)) return
        moved(command, reply.is === 'hold' ? reply.hold : undefined)
      }
    } else if (reply.is === 'done' && (command.do === 'unpin' || command.do === 'project')) {
      const requestId =
        command.do === 'unpin' ? command.requestId : command.state === 'AVAILABLE' ? command.owner : null
      for (const hold of [...holds.values()]) if (requestId !== null && hold.requestId === requestId) end(hold.holdId)
      if (command.do === 'unpin') journal.met('unpin')
    } else if (reply.is === 'done' && command.do === 'reset') {
      for (const hold of [...holds.values()])
        if (hold.requestId === null && hold.epoch !== command.epoch) end(hold.holdId)
      journal.met('holds of an old epoch released')
    } else if (reply.is === 'done' && command.do === 'grow') journal.met('elastic creation')
    if (reply.is === 'stale' && (command.do === 'release' || command.do === 'extend' || command.do === 'pin')) {
      const known = holds.get(command.holdId)
      const own = known?.version === command.version && known.holder === command.holder
      witness.check('H13', !own || !isHeld(known), () => `live hold ${command.holdId} is stale for its own holder`)
    }
    if (reply.is === 'hold' || reply.is === 'done') operations.set(command.operationId, command.do)
    if (reply.is === 'stale' && command.do === 'pin') journal.met('stale pin refused')
    if (reply.is === 'missing') journal.met('section missing')
  }

  /** The record's word, where it is news: a claim or block ends the unpinned hold it meets. */
  const projected = (command: Command): void => {
    if (command.do !== 'project') return
    const { part, state, owner: requestId, holder, recordVersion } = command
    for (const key of part.seats.map((seat) => `${part.section}/${seat}`)) {
      const news = (versions.get(key) ?? -1) < recordVersion
      if (news) versions.set(key, recordVersion)
      const claim = shown.get(key)
      if (state === 'AVAILABLE' && claim?.requestId === requestId && claim.recordVersion < recordVersion)
        shown.delete(key)
      if (state === 'AVAILABLE' || !news) continue
      const hold = holds.get(owners.get(key) ?? '')
      if (hold?.requestId === null) end(hold.holdId)
      // A late success may take a seat from a pin that the record has not heard of.
      else if (hold && hold.requestId !== requestId) owners.delete(key)
      if (requestId !== null && holder !== null) shown.set(key, { requestId, holder, recordVersion })
    }
  }

  const installed = (section: SectionState): void => {
    journal.met('section installed')
    for (const hold of section.holds) if (isLive(hold)) put(hold)
    for (const claim of section.claims) {
      const key = `${section.section}/${claim.seat}`
      shown.set(key, claim)
      versions.set(key, claim.recordVersion)
    }
  }

  return {
    ears: {
      commit: ({ commands }, { replies }) => {
        for (const [i, command] of commands.entries()) {
          const reply = replies[i]
          if (!reply) continue
          heard(command, reply)
          if (reply.is === 'done') projected(command)
        }
      },
      holds: ({ keys }, replies) => {
        if (replies === 'missing') return
        for (const [i, key] of keys.entries()) {
          if (!('holdId' in key) || replies[i]?.length !== 0) continue
          witness.check('H13', !isHeld(holds.get(key.holdId)), () => `live hold ${key.holdId} is gone`)
        }
      },
      reap: (_q, { stalePins }) => {
        if (stalePins.length > 0) journal.met('stale pin', stalePins.length)
      },
      install: ({ sections }, replies) => {
        for (const [i, reply] of replies.entries()) {
          const section = sections[i]
          if (reply === 'installed' && section) installed(section)
        }
      },
    },
    lost: () => {
      holds.clear()
      owners.clear()
      operations.clear()
      shown.clear()
      versions.clear()
    },
  }
}
