import type { Id, Ms, Version } from '../shared/types.ts'
import type { SaleState } from './sale-state.ts'

/** A sale is the selling of one schedule (one game); its id is the `scheduleId`. */
export interface Schedule {
  readonly scheduleId: Id
  readonly venueId: Id
  readonly name: string
  readonly currency: string
  readonly startsAt: Ms | null
  /** When the loop opens the sale; null: only an operator does. */
  readonly opensAt: Ms | null
  /** Price in minor units by grade id; every grade of the venue has one. */
  readonly prices: Readonly<Record<Id, number>>
  readonly state: SaleState
  readonly settings: SaleSettings
}

export interface SaleSettings {
  readonly groupSize: number
  /** Visitors admitted a minute; null = unlimited, 0 = nobody. */
  readonly ratePerMinute: number | null
  /** Visitors offered + active at once; null = unlimited. */
  readonly capacity: number | null
  readonly passTtlSeconds: number
  readonly holdTtlSeconds: number
  readonly maxSeatsPerVisitor: number
  readonly claimWindowSeconds: number
  readonly graceSeconds: number
  readonly partialGroupSeconds: number
  /** How the pre-queue becomes a line. */
  readonly policy: 'fifo' | 'draw'
  /** Public value mixed into the draw after the pre-queue closed. */
  readonly beacon: string | null
}

export const defaultSettings: SaleSettings = {
  groupSize: 120,
  ratePerMinute: 7_200,
  capacity: 2_400,
  passTtlSeconds: 600,
  holdTtlSeconds: 300,
  maxSeatsPerVisitor: 4,
  claimWindowSeconds: 90,
  graceSeconds: 600,
  partialGroupSeconds: 1,
  policy: 'fifo',
  beacon: null,
}

/** A schedule as the record keeps it. */
export interface ScheduleRecord extends Schedule {
  /** Grows by 1 with every change: the `from` of a compare-and-set. */
  readonly version: Version
  /** The line's life; a reset starts another. Random id. */
  readonly epoch: Id
  /** No number above it is issued; raised by compare-and-set in blocks. */
  readonly ceiling: number
  /** Grows when a fast store may have lost data; the high part of every version it hands out. */
  readonly incarnation: number
  /** Made with the epoch. Only `commitment` (its hash) is public before the draw. */
  readonly draw: SaleDraw | null
  /** The life of the line in its store: every installation of it there has one of its own. Absent: never installed. */
  readonly lineIncarnation?: number
}

/** The secret behind a draw, and what the opening fixed. */
export interface SaleDraw {
  readonly secret: string
  readonly commitment: string
  /** Set once, before the line opens: later changes of the settings do not touch it. `n`: pre-queue ranks that take part. */
  readonly made?: { readonly policy: 'fifo' | 'draw'; readonly n: number; readonly beacon: string | null }
}

/** What `Catalogue.change` may set; absent fields stay. */
export interface SaleChange {
  readonly state?: SaleState
  readonly settings?: Partial<SaleSettings>
  readonly epoch?: Id
  readonly ceiling?: number
  readonly incarnation?: number
  readonly draw?: ScheduleRecord['draw']
  readonly lineIncarnation?: number
  readonly opensAt?: Ms | null
}
