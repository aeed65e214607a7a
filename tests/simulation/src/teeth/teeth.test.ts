import type { ContractCase } from '@b-ticketing/core/conformance'
import { createAlwaysGrantedLockStore } from '@b-ticketing/core/memory'
import { describe, expect, test } from 'vitest'
import { type Sabotage, simulate } from '../simulate.ts'
import { failures, kits } from './subjects.ts'
import * as weak from './weak.ts'

// A guard that could be removed without a test failing would not be guarded itself.

/** Guard → the kit that misses it, and a case of the kit that must be among those that fail. */
const missedByKits: readonly (readonly [guard: string, cases: () => readonly ContractCase[], missed: RegExp])[] = [
  ['UNIQUE claim', () => kits.bookingStore(weak.withoutUniqueClaim), /I1: of parallel requests for one seat/],
  [
    'compare-and-set of a transition',
    () => kits.bookingStore(weak.withoutCompareAndSet),
    /I6: a change from another state or version/,
  ],
  ['inbox', () => kits.bookingStore(weak.withoutInbox), /I11: an event is consumed once/],
  ['fingerprint of an idempotency key', () => kits.bookingStore(weak.withoutFingerprint), /PAY4/],
  ['tombstone', () => kits.bookingStore(weak.withoutTombstone), /abandon leaves a tombstone/],
  [
    'lease of due work',
    () => kits.bookingStore(weak.withoutDueLease),
    /I16: parallel workers never get the same payment/,
  ],
  ['freeing of claims', () => kits.bookingStore(weak.withoutFreeing), /I7: free deletes own claims/],
  ['a late success takes only free seats', () => kits.bookingStore(weak.withoutRetakeCheck), /PAY11/],
  ['hold version', () => kits.seatInventory(weak.withoutHoldVersion), /H6/],
  ['hold owner', () => kits.seatInventory(weak.withoutOwnerCheck), /H6/],
  ['projection version', () => kits.seatInventory(weak.withoutProjectionVersion), /only the newer word counts/],
  ['quota', () => kits.seatInventory(weak.withoutQuota), /H9/],
  ['a hold ends with its pass', () => kits.seatInventory(weak.withoutPassEnd), /a hold ends with the pass/],
  ['operation id of a hold', () => kits.seatInventory(weak.withoutOperationIds), /H12/],
  ['incarnation', () => kits.seatInventory(weak.withoutIncarnation), /H13/],
  ['claim window', () => kits.admissionQueue(weak.withoutClaimWindow), /an unclaimed offer lapses/],
  ['grace', () => kits.admissionQueue(weak.withoutGrace), /a lapsed visitor who returns within grace is late/],
  ['end of grace', () => kits.admissionQueue(weak.withoutGraceEnd), /after the grace a lapsed place has expired/],
  ['late set', () => kits.admissionQueue(weak.withoutLateSet), /nobody is admitted directly past the late/],
  ['capacity', () => kits.admissionQueue(weak.withoutCapacity), /direct admission ends where the capacity ends/],
  ['rate', () => kits.admissionQueue(weak.withoutRate), /no rolling minute admits more than the rate/],
  ['ceiling', () => kits.admissionQueue(weak.withoutCeiling), /no number is issued twice/],
  ['epoch', () => kits.admissionQueue(weak.withoutEpoch), /a join of another epoch answers epoch-over/],
  ['pass gate', () => kits.admissionQueue(weak.withoutPassGate), /an ended one does not, whatever its signature says/],
  [
    'one place per visitor',
    () => kits.admissionQueue(weak.withoutOnePlace),
    /a repeated join answers the first number/,
  ],
  ['outbox order', () => kits.outbox(weak.withoutOutboxOrder), /I11: within a lane rows come in the order/],
  ['lane lease', () => kits.outbox(weak.withoutLaneLease), /a lease ends exactly at its time/],
  [
    'mark after the acknowledgement',
    () => kits.outbox(weak.withoutAcknowledgement),
    /rows that are not named come again/,
  ],
  ['refund once', () => kits.gateway(weak.withoutRefundKey), /refund is repeatable by its key/],
  ['charge once', () => kits.gateway(weak.withoutChargeKey), /parallel charges of one key capture once/],
  ['one notice per booking', () => kits.noticeStore(weak.withoutUniqueNotice), /./],
]

describe('a kit misses each guard that is taken away', () => {
  test('with every guard in place all cases pass', async () => {
    for (const cases of Object.values(kits)) expect(await failures(cases())).toEqual([])
  })

  for (const [guard, cases, missed] of missedByKits) {
    test(guard, async () => {
      const failed = await failures(cases())
      expect(failed.filter((name) => missed.test(name))).not.toEqual([])
    })
  }
})

/** A run of sales without this guard: the first finding, or none. */
async function firstFinding(sabotage: Sabotage, seeds: number): Promise<string | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { findings } = await simulate({ seed, sabotage })
    if (findings[0] !== undefined) return findings[0]
  }
  return null
}

/** Guard → what the simulation finds without it. */
const missedBySales: readonly (readonly [guard: string, sabotage: Sabotage])[] = [
  ['UNIQUE claim', { bookingStore: weak.withoutUniqueClaim }],
  ['compare-and-set of a transition', { bookingStore: weak.withoutCompareAndSet }],
  ['fingerprint of an idempotency key', { bookingStore: weak.withoutFingerprint }],
  ['tombstone', { bookingStore: weak.withoutTombstone }],
  ['freeing of claims', { bookingStore: weak.withoutFreeing }],
  ['a late success takes only free seats', { bookingStore: weak.withoutRetakeCheck }],
  ['inbox', { bookingStore: weak.withoutInbox }],
  ['lease of due work', { bookingStore: weak.withoutDueLease }],
  ['hold version', { seatInventory: weak.withoutHoldVersion }],
  ['hold owner', { seatInventory: weak.withoutOwnerCheck }],
  ['projection version', { seatInventory: weak.withoutProjectionVersion }],
  ['quota', { seatInventory: weak.withoutQuota }],
  ['a hold ends with its pass', { seatInventory: weak.withoutPassEnd }],
  ['operation id of a hold', { seatInventory: weak.withoutOperationIds }],
  ['incarnation', { seatInventory: weak.withoutIncarnation }],
  ['late set', { admissionQueue: weak.withoutLateSet }],
  ['capacity', { admissionQueue: weak.withoutCapacity }],
  ['rate', { admissionQueue: weak.withoutRate }],
  ['ceiling', { admissionQueue: weak.withoutCeiling }],
  ['epoch', { admissionQueue: weak.withoutEpoch }],
  ['pass gate', { admissionQueue: weak.withoutPassGate }],
  ['one place per visitor', { admissionQueue: weak.withoutOnePlace }],
  ['claim window', { admissionQueue: weak.withoutClaimWindow }],
  ['outbox order', { outbox: weak.withoutOutboxOrder }],
  ['lane lease', { outbox: weak.withoutLaneLease }],
  ['mark after the acknowledgement', { outbox: weak.withoutAcknowledgement }],
  ['refund once', { gateway: weak.withoutRefundKey }],
  ['charge once', { gateway: weak.withoutChargeKey }],
  ['one notice per booking', { noticeStore: weak.withoutUniqueNotice }],
]

describe('the simulation misses each guard that is taken away', () => {
  for (const [guard, sabotage] of missedBySales) {
    test(guard, { timeout: 60_000 }, async () => {
      expect(await firstFinding(sabotage, 60)).not.toBe(null)
    })
  }
})
