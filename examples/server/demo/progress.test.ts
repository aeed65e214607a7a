import { expect, test } from 'vitest'
import { block, createDisplay, type Snapshot } from './progress.ts'

const snapshot: Snapshot = {
  seconds: 83,
  requestsPerSecond: { now: 4_321.4, average: 3_000 },
  mails: 5_000,
  seats: { capacity: 20_000, available: 4_000, reserved: 1_000, completed: 15_000, blocked: 0 },
  line: { joined: 9_000, waiting: 1_234, offered: 10, active: 2_000, currentGroup: 57 },
  crowd: { arrived: 9_000, paid: 5_100, paying: 40, failed: 300, turnedAway: 7, gone: 800, askedToWait: 0 },
}

test('the block shows what matters and never breaks a line', () => {
  const text = block(snapshot, 100).join('\n')
  for (const part of [
    '01:23',
    '75 %',
    '15,000 of 20,000',
    'waiting 1,234',
    'group 57',
    'mails 5,000',
    '4,321 req/s now, 3,000 on average',
  ]) {
    expect(text).toContain(part)
  }
  expect(block(snapshot, 40).every((line) => line.length <= 40)).toBe(true)
})

test('on a terminal the block is drawn over itself', () => {
  const written: string[] = []
  const display = createDisplay({ isTTY: true, columns: 80, write: (text) => written.push(text) })
  display.show(snapshot)
  display.show(snapshot)
  expect(written[0]).not.toContain('\x1b[5A')
  expect(written[1]).toContain('\x1b[5A')
})

test('elsewhere a plain line now and then', () => {
  const written: string[] = []
  const display = createDisplay({ write: (text) => written.push(text) })
  for (const seconds of [0, 1, 4, 5, 6, 11]) display.show({ ...snapshot, seconds })
  expect(written).toHaveLength(3)
  expect(written.join('')).not.toContain('\x1b')
})
