import type { Id, Version } from '../shared/types.ts'
import { type ChangeOrigin, type PackedSection, packedLength, type SeatCode, setCode } from './occupancy.ts'
import type { SeatOwner } from './seat-inventory.port.ts'

/** Whose a seat is. No cell: free. */
export type Cell =
  | { readonly is: 'held'; readonly holdId: Id; readonly holder: Id }
  | {
      readonly is: 'PAYING' | 'COMPLETED'
      readonly requestId: Id
      readonly holder: Id
      /** Null: pinned, the record has not spoken yet. */
      readonly recordVersion: Version | null
    }
  | { readonly is: 'blocked' }

/** Seats of one installed section, whose they are, and the same packed. */
export interface SectionStore {
  readonly section: Id
  count(): number
  /** Undefined: free, or no such seat. */
  cell(seat: number): Cell | undefined
  exists(seat: number): boolean
  put(seat: number, cell: Cell | undefined, origin: ChangeOrigin): void
  /** Seats up to `count` exist. */
  grow(count: number, origin: ChangeOrigin): void
  /** Version of the record's last word on a seat; −1 when it has not spoken. Outlives the seat's owner. */
  recordVersion(seat: number): Version
  heardRecord(seat: number, version: Version): void
  packed(): PackedSection
  owners(): readonly SeatOwner[]
}

const codeOf = (cell: Cell | undefined): SeatCode => {
  if (!cell) return 0
  return cell.is === 'COMPLETED' ? 2 : cell.is === 'blocked' ? 3 : 1
}

export function createSectionStore(p: {
  readonly section: Id
  readonly count: number
  /** Version of the section as it was installed. */
  readonly version: Version
  /** Told of each change the world can see; hands out its version. */
  readonly onChange: (seat: number, code: SeatCode, origin: ChangeOrigin) => Version
  /** Told of seats counting in a holder's quota: +1 or −1. */
  readonly onOwned: (holder: Id, by: 1 | -1) => void
}): SectionStore {
  const cells: (Cell | undefined)[] = new Array(p.count)
  const recordVersions = new Map<number, Version>()
  let count = p.count
  let codes = new Uint8Array(packedLength(count))
  let version = p.version

  const show = (seat: number, code: SeatCode, origin: ChangeOrigin): void => {
    setCode(codes, seat, code)
    version = p.onChange(seat, code, origin)
  }

  return {
    section: p.section,
    count: () => count,
    cell: (seat) => cells[seat],
    exists: (seat) => Number.isInteger(seat) && seat >= 0 && seat < count,
    put: (seat, cell, origin) => {
      const before = cells[seat]
      cells[seat] = cell
      if (before && before.is !== 'blocked') p.onOwned(before.holder, -1)
      if (cell && cell.is !== 'blocked') p.onOwned(cell.holder, 1)
      if (codeOf(before) !== codeOf(cell)) show(seat, codeOf(cell), origin)
    },
    grow: (to, origin) => {
      if (packedLength(to) > codes.length) {
        const longer = new Uint8Array(packedLength(to))
        longer.set(codes)
        codes = longer
      }
      for (; count < to; count++) show(count, 0, origin)
    },
    recordVersion: (seat) => recordVersions.get(seat) ?? -1,
    heardRecord: (seat, heard) => {
      recordVersions.set(seat, heard)
    },
    packed: () => ({ section: p.section, count, codes: codes.slice(), version }),
    owners: () =>
      cells.flatMap((cell, seat) =>
        cell?.is === 'PAYING' || cell?.is === 'COMPLETED'
          ? [{ seat, state: cell.is, requestId: cell.requestId, recordVersion: cell.recordVersion }]
          : [],
      ),
  }
}
