import assert from 'node:assert/strict'
import {
  type Bench,
  extend,
  pin,
  project,
  release,
  scheduleId,
  sectionState,
  take,
  ttlMs,
} from './inventory-subject.contract.ts'

type Case = (bench: Bench) => Promise<void>

const reap = (b: Bench, limit = 100) => b.inventory.reap({ scheduleId, limit })

const owners = async (b: Bench) => {
  const found = await b.inventory.owners({ scheduleId, section: 'A' })
  assert.ok(found !== 'missing')
  return found
}

/** Seats of payments: pin, unpin, project. */
export const paymentCases: Readonly<Record<string, Case>> = {
  'a pinned hold never ends by time': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [0, 1]))
    const pinned = await b.hold(pin(hold, 'pay-1'))
    assert.deepEqual(pinned, { ...hold, requestId: 'pay-1' })
    await b.advance(100 * ttlMs)
    await reap(b)
    assert.equal(await b.codes(), '1100')
    assert.deepEqual(await b.holdsOf('ann'), [pinned])
    assert.equal((await b.run(take('bob', [1]))).is, 'taken')
  },

  'a pin is repeatable, and is neither released, extended nor pinned by another request': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [0]))
    const pinned = await b.hold(pin(hold, 'pay-1'))
    assert.deepEqual(await b.run(pin(hold, 'pay-1')), { is: 'hold', hold: pinned, repeated: true })
    for (const command of [release(hold), extend(hold), pin(hold, 'pay-2')])
      assert.deepEqual(await b.run(command), { is: 'paying', requestId: 'pay-1' })
    assert.equal(await b.codes(), '1000')
  },

  'a hold is pinned until the instant before its deadline': async (b) => {
    await b.install(1, sectionState('A', 4))
    const [one, two] = [await b.hold(take('ann', [0])), await b.hold(take('bob', [1]))]
    await b.advance(ttlMs - 1)
    await b.hold(pin(one, 'pay-1'))
    await b.advance(1)
    assert.deepEqual(await b.run(pin(two, 'pay-2')), { is: 'stale' })
    assert.equal(await b.codes(), '1000')
  },

  'unpin frees the seats of its own request and nothing else': async (b) => {
    await b.install(1, sectionState('A', 6))
    await b.run(pin(await b.hold(take('ann', [0, 1])), 'pay-1'))
    await b.run(pin(await b.hold(take('bob', [2])), 'pay-2'))
    await b.hold(take('cat', [3]))
    await b.run(project('COMPLETED', { seats: [4], owner: 'pay-3', holder: 'dan', version: 3 }))
    assert.deepEqual(await b.run({ do: 'unpin', requestId: 'pay-1' }), { is: 'done' })
    assert.equal(await b.codes(), '001120')
    assert.deepEqual(await b.holdsOf('ann'), [])
    const next = await b.hold(take('eve', [0]))
    for (const requestId of ['pay-1', 'pay-3', 'unknown']) await b.run({ do: 'unpin', requestId })
    assert.equal(await b.codes(), '101120')
    assert.deepEqual(await b.holdsOf('eve'), [next])
  },

  'stale pins are named after their lease until they are settled or unpinned': async (b) => {
    await b.install(1, sectionState('A', 6))
    for (const [i, holder] of ['ann', 'bob', 'cat'].entries())
      await b.run(pin(await b.hold(take(holder, [i])), `pay-${i}`, { leaseMs: 1_000 }))
    await b.advance(999)
    assert.deepEqual((await reap(b)).stalePins, [])
    await b.advance(1)
    assert.deepEqual([...(await reap(b)).stalePins].sort(), ['pay-0', 'pay-1', 'pay-2'])
    assert.equal((await reap(b, 2)).stalePins.length, 2)
    await b.run(project('PAYING', { seats: [0], owner: 'pay-0', holder: 'ann', version: 4 }))
    await b.run({ do: 'unpin', requestId: 'pay-1' })
    assert.deepEqual((await reap(b)).stalePins, ['pay-2'])
    assert.equal(await b.codes(), '101000')
  },

  'the record settles a hold: PAYING, COMPLETED, AVAILABLE': async (b) => {
    await b.install(1, sectionState('A', 4))
    const pinned = await b.hold(pin(await b.hold(take('ann', [0, 1])), 'pay-1'))
    assert.deepEqual(
      await owners(b),
      [0, 1].map((seat) => ({ seat, state: 'PAYING', requestId: 'pay-1', recordVersion: null })),
    )
    const mine = { seats: [0, 1], owner: 'pay-1', holder: 'ann' }
    await b.run(project('PAYING', { ...mine, version: 7 }))
    assert.deepEqual(await b.holdsOf('ann'), [pinned])
    assert.deepEqual(
      await owners(b),
      [0, 1].map((seat) => ({ seat, state: 'PAYING', requestId: 'pay-1', recordVersion: 7 })),
    )
    await b.run(project('COMPLETED', { ...mine, version: 8 }))
    assert.equal(await b.codes(), '2200')
    assert.deepEqual(await b.holdsOf('ann'), [])
    await b.advance(100 * ttlMs)
    assert.equal(await b.codes(), '2200')
    await b.run(project('AVAILABLE', { ...mine, holder: null, version: 9 }))
    assert.equal(await b.codes(), '0000')
    assert.deepEqual(await owners(b), [])
  },

  'only the newer word counts, seat by seat, and a freed seat remembers it': async (b) => {
    await b.install(1, sectionState('A', 4))
    const of = (owner: string, seats: number[], version: number) => ({ seats, owner, holder: 'ann', version })
    await b.run(project('COMPLETED', of('pay-1', [0], 10)))
    await b.run(project('PAYING', of('pay-2', [0, 1], 9)))
    assert.deepEqual(
      (await owners(b)).map(({ requestId, state }) => [requestId, state]),
      [
        ['pay-1', 'COMPLETED'],
        ['pay-2', 'PAYING'],
      ],
    )
    await b.run(project('PAYING', of('pay-2', [0], 10)))
    assert.equal(await b.codes(), '2100')
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-1', version: 11 }))
    await b.run(project('COMPLETED', of('pay-1', [0], 10)))
    assert.equal(await b.codes(), '0100')
    await b.advance(3_600_000)
    await b.run(project('COMPLETED', of('pay-1', [0], 11)))
    assert.equal(await b.codes(), '0100')
    await b.run(project('COMPLETED', of('pay-3', [0], 12)))
    assert.equal(await b.codes(), '2100')
  },

  'the end of a claim counts also after a newer word about the seat, but not after a newer claim': async (b) => {
    await b.install(1, sectionState('A', 4))
    const of = (owner: string, version: number) => ({ seats: [0], owner, holder: 'ann', version })
    await b.run(project('PAYING', of('pay-1', 1)))
    await b.run(project('AVAILABLE', { seats: [0], owner: null, version: 5 }))
    assert.equal(await b.codes(), '1000', 'an unblocked seat is still its owner’s')
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-1', version: 3 }))
    assert.equal(await b.codes(), '0000')
    await b.run(project('PAYING', of('pay-1', 4)))
    assert.equal(await b.codes(), '0000', 'the record has said more since')
    await b.run(project('COMPLETED', of('pay-1', 7)))
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-1', version: 3 }))
    assert.equal(await b.codes(), '2000', 'taken again, later')
  },

  'I7: the end of a claim frees nobody else’s seat': async (b) => {
    await b.install(1, sectionState('A', 6))
    const paid = await b.hold(take('ann', [0]))
    await b.run(pin(paid, 'pay-1'))
    await b.run({ do: 'unpin', requestId: 'pay-1' })
    const next = await b.hold(take('bob', [0]))
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-1', version: 20 }))
    assert.deepEqual(await b.holdsOf('bob'), [next])
    await b.run(pin(next, 'pay-2'))
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-1', version: 21 }))
    assert.equal(await b.codes(), '100000')
    await b.run(project('BLOCKED', { seats: [3], version: 22 }))
    await b.run(project('AVAILABLE', { seats: [3], owner: 'pay-1', version: 23 }))
    await b.run(project('AVAILABLE', { seats: [0], version: 24 }))
    assert.equal(await b.codes(), '100300')
  },

  'the record’s owner ends an unpinned hold it meets, with all its seats': async (b) => {
    await b.install(1, sectionState('A', 6))
    const hold = await b.hold(take('bob', [0, 1, 2], { quota: 3 }))
    await b.run(project('COMPLETED', { seats: [1], owner: 'pay-9', holder: 'ann', version: 30 }))
    assert.equal(await b.codes(), '020000')
    assert.deepEqual(await b.run(pin(hold, 'pay-1')), { is: 'stale' })
    await b.hold(take('bob', [3, 4, 5], { quota: 3 }))
  },

  'a pin that lost a seat to the record frees the rest when unpinned': async (b) => {
    await b.install(1, sectionState('A', 4))
    await b.run(pin(await b.hold(take('bob', [0, 1])), 'pay-2'))
    await b.run(project('PAYING', { seats: [0], owner: 'pay-1', holder: 'ann', version: 40 }))
    await b.run({ do: 'unpin', requestId: 'pay-2' })
    assert.equal(await b.codes(), '1000')
    assert.deepEqual(
      (await owners(b)).map(({ requestId }) => requestId),
      ['pay-1'],
    )
    assert.deepEqual(await b.holdsOf('bob'), [])
  },

  'a blocked seat is nobody’s, and free again when unblocked': async (b) => {
    await b.install(1, sectionState('A', 4, { blocked: [{ seat: 3, recordVersion: 0 }] }))
    await b.run(project('BLOCKED', { seats: [0], version: 50 }))
    assert.equal(await b.codes(), '3003')
    assert.equal((await b.run(take('ann', [0]))).is, 'taken')
    await b.run(project('AVAILABLE', { seats: [0, 3], version: 51 }))
    await b.run(project('BLOCKED', { seats: [0], version: 50 }))
    assert.equal(await b.codes(), '0000')
    await b.hold(take('ann', [0, 3]))
  },

  'a projection repeated changes nothing': async (b) => {
    await b.install(1, sectionState('A', 4))
    const command = {
      ...project('COMPLETED', { seats: [0], owner: 'pay-1', holder: 'ann', version: 5 }),
      operationId: 'p-1',
    }
    assert.deepEqual(await b.runAll(command, command), [{ is: 'done' }, { is: 'done' }])
    const before = await b.snapshot()
    await b.run(command)
    assert.deepEqual(await b.snapshot(), before)
  },
}
