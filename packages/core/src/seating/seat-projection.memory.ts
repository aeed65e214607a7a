import type { Id } from '../shared/types.ts'
import type { ScheduleStore } from './schedule-store.ts'
import type { SeatCommand } from './seat-inventory.port.ts'
import type { Cell } from './section-store.ts'

type Project = Extract<SeatCommand, { do: 'project' }>

/** The record's word on some seats, each only where it is news. */
export function projectPart(store: ScheduleStore, command: Project): void {
  const section = store.sections.get(command.part.section)!
  const touched = new Set<Id>(command.owner === null ? [] : [command.owner])
  for (const seat of command.part.seats) {
    if (!section.exists(seat)) continue
    const isNews = section.recordVersion(seat) < command.recordVersion
    const before = section.cell(seat)
    if (isNews) section.heardRecord(seat, command.recordVersion)
    if (command.state === 'AVAILABLE' ? !frees(command, before, isNews) : !isNews) continue
    if (before?.is === 'held') store.endHold(before.holdId, 'PAYMENT')
    if (before?.is === 'PAYING') touched.add(before.requestId)
    section.put(seat, cellOf(command), command.owner === null ? 'ADMIN' : 'PAYMENT')
  }
  for (const requestId of touched) settlePin(store, requestId, requestId === command.owner)
}

/**
 * Whether the end of this owner's claim, or of a block (null), frees the seat. A claim has ended also when the record has said
 * something else of the seat since; only a newer claim of the same owner has not.
 */
function frees({ owner, recordVersion }: Project, cell: Cell | undefined, isNews: boolean): boolean {
  if (cell === undefined || cell.is === 'held') return false
  if (cell.is === 'blocked') return owner === null && isNews
  return cell.requestId === owner && (cell.recordVersion ?? -1) < recordVersion
}

function cellOf({ state, owner, holder, recordVersion }: Project): Cell | undefined {
  if (state === 'BLOCKED') return { is: 'blocked' }
  if (state === 'AVAILABLE' || owner === null || holder === null) return undefined
  return { is: state, requestId: owner, holder, recordVersion }
}

/** Frees the seats still PAYING for this request. Without a pin (rebuilt from claims) they are looked for. */
export function unpinRequest(store: ScheduleStore, requestId: Id): void {
  const pin = store.pins.get(requestId)
  const hold = pin && store.holds.get(pin.holdId)
  if (hold) store.endHold(hold.holdId, 'PAYMENT')
  else {
    for (const section of store.sections.values()) {
      for (const owner of section.owners()) {
        if (owner.state === 'PAYING' && owner.requestId === requestId) section.put(owner.seat, undefined, 'PAYMENT')
      }
    }
  }
  store.forgetPin(requestId)
}

/** `heard`: the record itself spoke of this payment, so that its pin is no longer anybody's to resolve. */
function settlePin(store: ScheduleStore, requestId: Id, heard: boolean): void {
  const pin = store.pins.get(requestId)
  if (!pin) return
  const parts = store.holds.get(pin.holdId)?.parts ?? []
  const paying = parts.some(({ section, seats }) =>
    seats.some((seat) => {
      const cell = store.sections.get(section)?.cell(seat)
      return cell?.is === 'PAYING' && cell.requestId === requestId
    }),
  )
  if (!paying) store.forgetPin(requestId)
  else if (heard) store.putPin({ ...pin, settled: true })
}
