import type { SaleSettings, SaleState, Venue } from '@b-ticketing/core'
import { calm, type Failpoint, type FaultProfile } from './faults.ts'
import { createRandom, type Random } from './random.ts'
import { smallVenue } from './venues.ts'

/** Everything of a sale that is decided before it begins. */
export interface Plan {
  readonly seed: number
  readonly venue: Venue
  readonly settings: Partial<SaleSettings>
  readonly state: SaleState
  /** When the loop opens a sale that has not begun; null: an operator does. */
  readonly opensInMs: number | null
  readonly processes: readonly ProcessPlan[]
  readonly weather: FaultProfile
  readonly locks: 'honest' | 'always-granted'
  readonly fans: number
  readonly arriveWithinMs: number
  /** Until then there is trouble; afterwards everything heals and must come to rest. */
  readonly troubleMs: number
  readonly incidents: readonly Incident[]
}

export interface ProcessPlan {
  readonly skewMs: number
  readonly failpoints: readonly Failpoint[]
}

export type Incident = { readonly atMs: number } & (
  | { readonly do: 'kill'; readonly process: number }
  | { readonly do: 'freeze'; readonly process: number; readonly forMs: number }
  | { readonly do: 'lose'; readonly store: LossyStore }
  | { readonly do: 'down'; readonly port: string; readonly forMs: number }
  | { readonly do: 'operate'; readonly act: OperatorAct }
)

export const lossyStores = ['admissionQueue', 'seatInventory', 'lockStore', 'paymentView'] as const
export type LossyStore = (typeof lossyStores)[number]

export const operatorActs = [
  'capacity',
  'rate',
  'group-size',
  'hold-ttl',
  'pause',
  'reset',
  'block',
  'unblock',
  'refund',
  'resend',
  'drain',
] as const
export type OperatorAct = (typeof operatorActs)[number]

/** Steps of the journey at which a process may die, with how many calls of each a process makes in a sale, at most. */
const failpointCalls = [
  ['bookingStore', 'open', 5],
  ['bookingStore', 'open', 5],
  ['bookingStore', 'advance', 8],
  ['bookingStore', 'abandon', 1],
  ['bookingStore', 'due', 40],
  ['seatInventory', 'commit', 40],
  ['seatInventory', 'install', 1],
  ['seatSource', 'load', 3],
  ['seatSource', 'saveHolds', 8],
  ['seatSource', 'createSeats', 2],
  ['seatSource', 'block', 1],
  ['admissionQueue', 'join', 6],
  ['admissionQueue', 'tick', 60],
  ['admissionQueue', 'claim', 10],
  ['admissionQueue', 'leave', 3],
  ['admissionQueue', 'configure', 3],
  ['catalogue', 'change', 3],
  ['lockStore', 'acquire', 2],
  ['outbox', 'lease', 60],
  ['outbox', 'mark', 6],
  ['eventBus', 'publish', 6],
  ['gateway', 'charge', 5],
  ['gateway', 'refund', 2],
  ['gateway', 'find', 4],
  ['paymentView', 'put', 10],
  ['noticeStore', 'add', 3],
  ['noticeStore', 'mark', 3],
  ['notifier', 'send', 3],
] as const

const downPorts = [
  'bookingStore',
  'seatInventory',
  'admissionQueue',
  'eventBus',
  'gateway',
  'notifier',
  'catalogue',
  'seatSource',
  'noticeStore',
  'outbox',
  'lockStore',
  'paymentView',
]

export function createPlan(seed: number): Plan {
  const random = createRandom(seed)
  const troubleMs = 45_000 + random.below(20_000)
  const processes = 1 + random.below(3)
  // Every sixth sale has no trouble at all: bounds that faults may stretch are demanded there.
  const quiet = random.chance(1 / 6)
  const opening = random.pick(['open', 'open', 'open', 'pre-queue', 'scheduled'] as const)
  return {
    seed,
    venue: smallVenue(random),
    settings: smallSettings(random),
    state: opening === 'open' ? 'open' : opening === 'scheduled' ? 'scheduled' : 'prequeue',
    opensInMs: opening === 'open' ? null : random.chance(0.7) ? 3_000 + random.below(8_000) : null,
    processes: Array.from({ length: processes }, () => processPlan(random, quiet)),
    weather: quiet ? calm : storm(random),
    locks: random.chance(0.2) ? 'always-granted' : 'honest',
    fans: 6 + random.below(16),
    arriveWithinMs: random.pick([500, 5_000, 20_000]),
    troubleMs,
    incidents: quiet
      ? operations(random, troubleMs)
      : [...operations(random, troubleMs), ...troubles(random, troubleMs, processes)],
  }
}

const between = (random: Random, least: number, most: number): number => least + random.below(most - least + 1)

function smallSettings(random: Random): Partial<SaleSettings> {
  return {
    groupSize: between(random, 1, 7),
    ratePerMinute: random.chance(0.4) ? null : between(random, 60, 600),
    capacity: random.chance(0.25) ? null : between(random, 2, 8),
    passTtlSeconds: between(random, 15, 60),
    holdTtlSeconds: between(random, 3, 12),
    maxSeatsPerVisitor: between(random, 2, 5),
    claimWindowSeconds: between(random, 3, 8),
    graceSeconds: between(random, 0, 15),
    partialGroupSeconds: between(random, 0, 2),
    policy: random.chance(0.5) ? 'draw' : 'fifo',
    beacon: random.chance(0.3) ? 'public-noise' : null,
  }
}

function processPlan(random: Random, quiet: boolean): ProcessPlan {
  const skewMs = random.chance(0.3) ? random.below(10_001) - 5_000 : 0
  if (quiet) return { skewMs, failpoints: [] }
  const failpoints = Array.from({ length: random.below(3) }, (): Failpoint => {
    const [port, method, calls] = random.pick(failpointCalls)
    const when = random.chance(0.5) ? 'before' : 'after'
    const stopsForMs = random.chance(0.2) ? 3_000 + random.below(60_000) : null
    return { port, method, nth: 1 + random.below(calls), when, stopsForMs }
  })
  return { skewMs, failpoints }
}

function storm(random: Random): FaultProfile {
  const strength = random.pick([0.25, 1, 2.5])
  return {
    fail: 0.02 * strength,
    lose: 0.02 * strength,
    repeat: 0.02 * strength,
    delay: 0.05 * strength,
    maxDelayMs: random.pick([50, 500, 4_000]),
  }
}

function operations(random: Random, troubleMs: number): Incident[] {
  return Array.from({ length: random.below(6) }, () => ({
    atMs: random.below(troubleMs),
    do: 'operate' as const,
    act: random.pick(operatorActs),
  }))
}

function troubles(random: Random, troubleMs: number, processes: number): Incident[] {
  const atMs = (): number => random.below(troubleMs)
  const kills = Array.from({ length: random.below(3) }, () => ({
    atMs: atMs(),
    do: 'kill' as const,
    process: random.below(processes),
  }))
  const freezes = Array.from({ length: random.chance(0.3) ? 1 : 0 }, () => ({
    atMs: atMs(),
    do: 'freeze' as const,
    process: random.below(processes),
    forMs: 3_000 + random.below(45_000),
  }))
  const losses = Array.from({ length: random.below(3) }, () => ({
    atMs: atMs(),
    do: 'lose' as const,
    store: random.pick(lossyStores),
  }))
  const outages = Array.from({ length: random.below(2) }, () => ({
    atMs: atMs(),
    do: 'down' as const,
    port: random.pick(downPorts),
    forMs: 500 + random.below(8_000),
  }))
  return [...kills, ...freezes, ...losses, ...outages]
}
