import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createDice } from './dice.test-support.ts'
import { etaOf } from './eta.ts'
import { nextPollMs } from './poll-interval.ts'
import { createPollLimiter } from './poll-limiter.ts'

const base = { etaSeconds: null, claimWindowSeconds: 90, untilOpenMs: null, random: 0.5 }
const pace = {
  state: 'open',
  admittedLastMinute: 600,
  measuredMs: 60_000,
  ratePerMinute: null,
  capacity: null,
} as const

describe('W14: poll intervals', () => {
  test('0.15 × ETA within 1.5–45 s, ±15 %', () => {
    assert.equal(nextPollMs({ ...base, etaSeconds: 100 }), 15_000)
    assert.equal(nextPollMs({ ...base, etaSeconds: 100, random: 0 }), 12_750)
    assert.equal(nextPollMs({ ...base, etaSeconds: 0 }), 1_500)
    assert.equal(nextPollMs({ ...base, etaSeconds: 9_000, random: 0 }), 38_250)
  })

  test('never more than half the claim window, which wins over 1.5 s', () => {
    assert.equal(nextPollMs({ ...base, etaSeconds: 9_000, random: 0.99 }), 45_000)
    assert.equal(nextPollMs({ ...base, etaSeconds: 9_000, claimWindowSeconds: 4 }), 2_000)
    assert.equal(nextPollMs({ ...base, etaSeconds: 0, claimWindowSeconds: 2 }), 1_000)
  })

  test('15 s ± 15 % without an ETA; before the opening at most the time left', () => {
    assert.deepEqual(
      [0, 0.5, 0.999_999].map((random) => Math.round(nextPollMs({ ...base, random }) / 50) * 50),
      [12_750, 15_000, 17_250],
    )
    assert.equal(nextPollMs({ ...base, untilOpenMs: 4_000 }), 4_000)
    assert.equal(nextPollMs({ ...base, untilOpenMs: -10 }), 1_500)
    assert.equal(nextPollMs({ ...base, untilOpenMs: 3_600_000 }), 15_000)
  })

  test('at most 60 polls in a 20-minute wait', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const dice = createDice(seed)
      let polls = 0
      for (let left = 1_200_000; left > 0; polls++)
        left -= nextPollMs({ ...base, etaSeconds: left / 1_000, random: dice(1_000) / 1_000 })
      assert.ok(polls <= 60, `${polls} polls with seed ${seed}`)
    }
  })
})

describe('ETA', () => {
  test('is a range around the measured pace', () => {
    const eta = etaOf(pace, 99)
    assert.ok(eta)
    assert.equal(eta.midSeconds, 10)
    assert.ok(eta.lowSeconds <= 8 && eta.lowSeconds > 0 && eta.highSeconds >= 12)
  })

  test('is unknown without admissions, null when paused, shut or not open', () => {
    assert.equal(etaOf({ ...pace, admittedLastMinute: 0 }, 5), null)
    assert.equal(etaOf({ ...pace, capacity: 0 }, 5), null)
    for (const state of ['paused', 'scheduled', 'prequeue', 'ended'] as const)
      assert.equal(etaOf({ ...pace, state }, 5), null)
    assert.ok(etaOf({ ...pace, state: 'draining' }, 5))
  })

  test('never promises more than the rate in force', () => {
    const burst = { ...pace, admittedLastMinute: 120, measuredMs: 200, ratePerMinute: 60 }
    assert.equal(etaOf(burst, 59)?.midSeconds, 60)
  })
})

describe('the poll limiter', () => {
  test('whoever comes back as told is never too early, also when the interval got shorter', () => {
    const limiter = createPollLimiter()
    const visitor = { scheduleId: 'game', visitor: 'fan' }
    for (const [at, nextPollMs] of [
      [0, 15_000],
      [10, 15_000],
      [20, 1_500],
    ] as const) {
      assert.equal(limiter.tooEarly({ ...visitor, now: at }), null)
      limiter.told({ ...visitor, now: at, nextPollMs })
    }
    assert.equal(limiter.tooEarly({ ...visitor, now: 20 + 1_499 }), 1)
    assert.equal(limiter.tooEarly({ ...visitor, now: 20 + 1_500 }), null)
  })

  const visitor = { scheduleId: 'game-1', visitor: 'fan' }

  test('three polls per interval are free, each interval anew', () => {
    const limiter = createPollLimiter()
    for (let now = 1_000; now < 100_000; now += 10_000) {
      for (const ms of [0, 1, 2]) {
        assert.equal(limiter.tooEarly({ ...visitor, now: now + ms }), null)
        limiter.told({ ...visitor, now: now + ms, nextPollMs: 10_000 })
      }
      assert.equal(limiter.tooEarly({ ...visitor, now: now + 500 }), 9_500)
    }
  })

  test('visitors who share a slot never refuse one another', () => {
    const limiter = createPollLimiter({ slots: 1 })
    for (let now = 0; now < 1_000; now++) {
      const poll = { scheduleId: 'game-1', visitor: `v${now % 2}`, now }
      assert.equal(limiter.tooEarly(poll), null)
      limiter.told({ ...poll, nextPollMs: 60_000 })
    }
  })
})
