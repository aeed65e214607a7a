import { createAllocator, type Section } from '@b-ticketing/core'
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
  [
    'audit of an operator’s act',
    () => kits.bookingStore(weak.withoutAudit),
    /an act is audited in its own transaction/,
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
  ['a copy of its own for each resend', () => kits.noticeStore(weak.withoutResendGuard), /of many that add one copy/],
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

/** Guard → what the simulation finds without it: one of these invariants. */
const missedBySales: readonly (readonly [guard: string, sabotage: Sabotage, found: RegExp])[] = [
  ['compare-and-set of a transition', { bookingStore: weak.withoutCompareAndSet }, /^I[246]:/],
  ['fingerprint of an idempotency key', { bookingStore: weak.withoutFingerprint }, /^I15:/],
  ['freeing of claims', { bookingStore: weak.withoutFreeing }, /^I3:/],
  ['a late success takes only free seats', { bookingStore: weak.withoutRetakeCheck }, /^I1:/],
  ['quota', { seatInventory: weak.withoutQuota }, /^H9:/],
  ['a hold ends with its pass', { seatInventory: weak.withoutPassEnd }, /^I3:/],
  ['operation id of a hold', { seatInventory: weak.withoutOperationIds }, /^H12:/],
  ['late set', { admissionQueue: weak.withoutLateSet }, /^I9:/],
  ['capacity', { admissionQueue: weak.withoutCapacity }, /^I9:/],
  ['rate', { admissionQueue: weak.withoutRate }, /^W6:/],
  ['ceiling', { admissionQueue: weak.withoutCeiling }, /^W/],
  ['pass gate', { admissionQueue: weak.withoutPassGate }, /^I(9|10):/],
  ['one place per visitor', { admissionQueue: weak.withoutOnePlace }, /^(I9|W1):/],
  ['outbox order', { outbox: weak.withoutOutboxOrder }, /^I11:/],
  ['mark after the acknowledgement', { outbox: weak.withoutAcknowledgement }, /^I1[12]:/],
  ['refund once', { gateway: weak.withoutRefundKey }, /^I[245]:/],
  ['charge once', { gateway: weak.withoutChargeKey }, /^I[245]:/],
  ['one notice per booking', { noticeStore: weak.withoutUniqueNotice }, /^I12:/],
  ['server price', { bookingStore: weak.withoutServerPrice }, /^I13:/],
]

describe('the simulation misses each guard that is taken away', () => {
  for (const [guard, sabotage, found] of missedBySales) {
    test(guard, { timeout: 120_000 }, async () => {
      expect(await firstFinding(sabotage, 600)).toMatch(found)
    })
  }
})

describe('the allocator misses its walls', () => {
  const row = (aisle: boolean, shut: boolean): Section => ({
    ...{ id: 'A', label: 'A', kind: 'seated', grade: 'g', x: 0, y: 0, capacity: 4, focalPoint: { x: 2.5, y: 0 } },
    rows: [
      {
        id: '1',
        label: '1',
        seats: [1, 2, 3, 4].map((n) => ({
          ...{ seatId: `A-1-${n}`, label: String(n), x: n, y: 0, position: aisle && n > 2 ? n + 1 : n },
          ...(shut && n === 2 && { blocked: true, channel: 'club' }),
        })),
      },
    ],
  })
  const asks = (section: Section) => {
    const allocator = createAllocator([section])
    allocator.replace({ section: 'A', count: 4, codes: new Uint8Array(1) })
    return allocator.allocate({ request: { quantity: 3, together: 'adjacent' } })
  }

  test.each([
    ['aisle (A13)', row(true, false)],
    ['seats of another channel (A27)', row(false, true)],
  ])('%s', (_wall, section) => {
    expect(asks(section)).toMatchObject({ ok: false })
    expect(asks(row(false, false))).toMatchObject({ ok: true })
  })
})

test('a lock that grants everybody everything is no guard: nothing breaks without it', {
  timeout: 120_000,
}, async () => {
  const sabotage: Sabotage = { lockStore: () => createAlwaysGrantedLockStore() }
  expect(await firstFinding(sabotage, 60)).toBe(null)
})
