import assert from 'node:assert/strict'
import { coolDown } from './hold.ts'
import {
  assertBalanced,
  type Bench,
  extend,
  never,
  pin,
  price,
  release,
  scheduleId,
  sectionState,
  take,
  ttlMs,
} from './inventory-subject.contract.ts'

type Case = (bench: Bench) => Promise<void>

/** Holds of visitors: H1–H15, A28, A32. */
export const holdCases: Readonly<Record<string, Case>> = {
  'a hold is all it was asked to be': async (b) => {
    await b.install(1, sectionState('A', 10))
    const at = b.now()
    const hold = await b.hold(take('ann', [1, 2], { holdId: 'h-1', epoch: 'e-9' }))
    const { version, ...rest } = hold
    assert.deepEqual(rest, {
      holdId: 'h-1',
      scheduleId,
      holder: 'ann',
      parts: [{ section: 'A', seats: [1, 2] }],
      price,
      createdAt: at,
      expiresAt: at + ttlMs,
      epoch: 'e-9',
      requestId: null,
    })
    assert.ok(version > 2 ** 32)
    assert.deepEqual(await b.holdsOf('ann'), [hold])
    assert.equal(await b.codes(), '0110000000')
  },

  'a hold ends with the pass, and a pass that is over holds nothing': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [0], { notAfter: b.now() + 1_000 }))
    assert.equal(hold.expiresAt, b.now() + 1_000)
    assert.deepEqual(await b.run(take('ann', [1], { notAfter: b.now() })), { is: 'late' })
    assert.equal(await b.codes(), '1000')
  },

  'H1: one taken seat refuses all and is named': async (b) => {
    await b.install(1, sectionState('A', 4))
    await b.hold(take('bob', [2]))
    assert.deepEqual(await b.run(take('ann', [1, 2, 3])), { is: 'taken', parts: [{ section: 'A', seats: [2] }] })
    assert.equal(await b.codes(), '0010')
    assert.deepEqual(await b.holdsOf('ann'), [])
  },

  'a seat that does not exist is never given': async (b) => {
    await b.install(1, sectionState('A', 3))
    assert.deepEqual(await b.run(take('ann', [2, 3])), { is: 'taken', parts: [{ section: 'A', seats: [3] }] })
    assert.equal(await b.codes(), '000')
  },

  'H3: of 500 parallel holds of one seat exactly one wins': async (b) => {
    await b.install(1, sectionState('A', 8))
    const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => b.run(take(`v-${i}`, [5]))))
    assert.equal(replies.filter(({ is }) => is === 'hold').length, 1)
    for (const reply of replies)
      if (reply.is !== 'hold') assert.deepEqual(reply, { is: 'taken', parts: [{ section: 'A', seats: [5] }] })
    const batch = await b.runAll(...Array.from({ length: 256 }, (_, i) => take(`w-${i}`, [6])))
    assert.deepEqual(
      batch.map(({ is }) => is),
      ['hold', ...Array(255).fill('taken')],
    )
    assertBalanced(await b.snapshot(), 8)
  },

  'H4: {1,2}, {2,3}, {3,1} in parallel: no deadlock, one wins': async (b) => {
    await b.install(1, sectionState('A', 4))
    const replies = await Promise.all([take('ann', [1, 2]), take('bob', [2, 3]), take('cat', [1, 3])].map(b.run))
    assert.equal(replies.filter(({ is }) => is === 'hold').length, 1)
    assert.equal((await b.codes()).replaceAll('0', '').length, 2)
  },

  'H5: the same seats again by the same holder are the same hold, deadline unchanged': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [1, 2]))
    await b.advance(10_000)
    assert.deepEqual(await b.run(take('ann', [1, 2])), { is: 'hold', hold, repeated: true })
    assert.equal((await b.run(take('ann', [1, 2, 3]))).is, 'taken')
    assert.equal((await b.run(take('ann', [1]))).is, 'taken')
    assert.equal((await b.run(take('bob', [1, 2]))).is, 'taken')
    await b.advance(ttlMs - 10_000)
    assert.notEqual((await b.hold(take('ann', [1, 2]))).holdId, hold.holdId)
  },

  'H6: nobody releases, extends or pins what belongs to another holder or version': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [1]))
    const before = await b.snapshot()
    const foreign = [
      release(hold, { holder: 'bob' }),
      extend(hold, { holder: 'bob' }),
      pin(hold, 'pay-1', { holder: 'bob' }),
      release(hold, { version: hold.version + 1 }),
      release(hold, { version: hold.version - 1 }),
      pin(hold, 'pay-1', { version: hold.version + 1 }),
      { ...release(hold), holdId: 'nobody-s' },
    ]
    for (const command of foreign) assert.deepEqual(await b.run(command), { is: 'stale' }, JSON.stringify(command))
    assert.deepEqual(await b.snapshot(), before)
    assert.deepEqual(await b.holdsOf('ann'), [hold])
  },

  'H7: extending gives a whole ttl from now, up to three in all': async (b) => {
    await b.install(1, sectionState('A', 4))
    let hold = await b.hold(take('ann', [1]))
    const { createdAt } = hold
    const deadlines: number[] = []
    for (let i = 0; i < 4; i++) {
      await b.advance(200_000)
      const extended = await b.hold(extend(hold))
      assert.ok(extended.version > hold.version || extended.expiresAt === hold.expiresAt)
      hold = extended
      deadlines.push(hold.expiresAt - createdAt)
    }
    assert.deepEqual(deadlines, [500_000, 700_000, 900_000, 900_000])
    await b.advance(99_999)
    assert.deepEqual(await b.hold(extend(hold)), hold)
    await b.advance(1)
    assert.deepEqual(await b.run(extend(hold)), { is: 'stale' })
  },

  'H7: extending never passes the end of the pass, nor shortens': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [1]))
    await b.advance(1_000)
    assert.equal((await b.hold(extend(hold, { notAfter: hold.expiresAt + 10 }))).expiresAt, hold.expiresAt + 10)
    const [again] = await b.holdsOf('ann')
    assert.deepEqual(await b.hold(extend(again!, { notAfter: b.now() + 5 })), again)
    assert.deepEqual(await b.run(extend(hold)), { is: 'stale' }, 'the version before the extension')
  },

  'H8: an expired hold is not extended, though its seat is free': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [1]))
    await b.advance(ttlMs)
    assert.deepEqual(await b.run(extend(hold)), { is: 'stale' })
    assert.deepEqual(await b.run(pin(hold, 'pay-1')), { is: 'stale' })
    assert.equal(await b.codes(), '0000')
  },

  'A28: a hold is free at its exact deadline, not before': async (b) => {
    await b.install(1, sectionState('A', 4))
    const hold = await b.hold(take('ann', [1]))
    await b.advance(ttlMs - 1)
    assert.equal((await b.run(take('bob', [1]))).is, 'taken')
    assert.deepEqual(await b.holdsOf('ann'), [hold])
    await b.advance(1)
    assert.deepEqual(await b.holdsOf('ann'), [])
    const next = await b.hold(take('bob', [1]))
    assert.equal(next.holder, 'bob')
  },

  'H11: the deadline is made and judged by the clock of the store': async (b) => {
    await b.install(1, sectionState('A', 4))
    const at = b.now()
    const hold = await b.hold(take('ann', [1], { ttlMs: 5_000 }))
    assert.equal(hold.createdAt, at)
    assert.equal(hold.expiresAt, at + 5_000)
    assert.equal((await b.snapshot()).storeTime, b.now())
  },

  'H9: held, paying and sold count against the limit; what is given back does not': async (b) => {
    await b.install(1, sectionState('A', 20))
    const quota = 4
    const three = await b.hold(take('ann', [0, 1, 2], { quota }))
    assert.deepEqual(await b.run(take('ann', [3, 4], { quota })), { is: 'quota', owned: 3 })
    assert.equal(await b.codes(), `111${'0'.repeat(17)}`)
    await b.run(pin(three, 'pay-1'))
    assert.deepEqual(await b.run(take('ann', [3, 4], { quota })), { is: 'quota', owned: 3 })
    const sold = { part: { section: 'A', seats: [0, 1, 2] }, owner: 'pay-1', holder: 'ann' }
    await b.run({ do: 'project', state: 'COMPLETED', recordVersion: 5, ...sold })
    assert.deepEqual(await b.run(take('ann', [3, 4], { quota })), { is: 'quota', owned: 3 })
    const one = await b.hold(take('ann', [3], { quota }))
    assert.deepEqual(await b.run(take('ann', [4], { quota })), { is: 'quota', owned: 4 })
    await b.run(release(one))
    await b.hold(take('ann', [4], { quota }))
    await b.run({ do: 'project', state: 'AVAILABLE', recordVersion: 6, ...sold, holder: null })
    await b.hold(take('ann', [5, 6, 7], { quota }))
    assert.deepEqual(await b.run(take('ann', [8], { quota })), { is: 'quota', owned: 4 })
    await b.advance(ttlMs)
    await b.hold(take('ann', [8, 9, 10, 11], { quota }))
  },

  'H10: an old holder does nothing to a seat that belongs to somebody else by now': async (b) => {
    await b.install(1, sectionState('A', 4))
    const old = await b.hold(take('ann', [1]))
    await b.advance(ttlMs)
    const next = await b.hold(take('bob', [1]))
    assert.deepEqual(await b.run(release(old)), { is: 'stale' })
    assert.deepEqual(await b.run(pin(old, 'pay-1')), { is: 'stale' })
    assert.deepEqual(await b.holdsOf('bob'), [next])
    assert.equal(await b.codes(), '0100')
  },

  'H12: an operation repeated gets its first answer, also after its hold has ended': async (b) => {
    await b.install(1, sectionState('A', 4))
    const operation = { ...take('ann', [1, 2], { memo: 'kept' }), operationId: 'op-x' }
    const first = await b.run(operation)
    assert.ok(first.is === 'hold' && !first.repeated)
    const repeated = { ...first, repeated: true }
    // A retry may have chosen other seats and made another id: it is the same operation all the same.
    const retry = { ...take('ann', [3]), operationId: 'op-x' }
    assert.deepEqual(await b.runAll(operation, retry), [repeated, repeated])
    assert.equal(await b.codes(), '0110')
    assert.deepEqual(await b.run({ do: 'recall', operationId: 'op-x' }), repeated)
    const gone = { ...release(first.hold), operationId: 'op-y' }
    assert.deepEqual(await b.runAll(gone, gone), [{ is: 'done' }, { is: 'done' }])
    await b.hold(take('bob', [1]))
    assert.deepEqual(await b.runAll(retry, gone), [repeated, { is: 'done' }])
    await b.advance(ttlMs + 3_600_000)
    assert.deepEqual(await b.run(retry), repeated)
    assert.equal(await b.codes(), '0000')
  },

  'H12: a refusal is judged again, an unknown operation is stale, another content is reused': async (b) => {
    await b.install(1, sectionState('A', 4))
    const blocking = await b.hold(take('bob', [1]))
    const operation = { ...take('ann', [1]), operationId: 'op-x', fingerprint: 'one' }
    assert.equal((await b.run(operation)).is, 'taken')
    assert.deepEqual(await b.run({ do: 'recall', operationId: 'op-x' }), { is: 'stale' })
    await b.run(release(blocking))
    assert.equal((await b.run(operation)).is, 'hold')
    assert.deepEqual(await b.run({ ...operation, fingerprint: 'two' }), { is: 'reused' })
    assert.equal((await b.run(operation)).is, 'hold')
    assert.equal(await b.codes(), '0100')
  },

  'H14: a swap releases and takes in one step, or does nothing': async (b) => {
    await b.install(1, sectionState('A', 6))
    const swap = (hold: { holdId: string; version: number }, seats: number[]) =>
      take('ann', seats, { replaces: { holdId: hold.holdId, version: hold.version }, quota: 2 })
    const first = await b.hold(take('ann', [0, 1], { quota: 2 }))
    await b.hold(take('bob', [3]))
    assert.deepEqual(await b.run(swap(first, [2, 3])), { is: 'taken', parts: [{ section: 'A', seats: [3] }] })
    assert.deepEqual(await b.holdsOf('ann'), [first])
    assert.deepEqual(await b.run(swap({ ...first, version: first.version - 1 }, [4, 5])), { is: 'stale' })
    assert.deepEqual(await b.run(swap(first, [2, 4, 5])), { is: 'quota', owned: 2 })
    const second = await b.hold(swap(first, [1, 2]))
    assert.equal(await b.codes(), '011100')
    assert.deepEqual(await b.holdsOf('ann'), [second])
    assert.deepEqual(await b.run(swap(first, [4])), { is: 'stale' })
    assert.deepEqual(await b.run({ ...swap(second, [4]), holder: 'bob' }), { is: 'stale' })
    await b.run(pin(second, 'pay-1'))
    assert.deepEqual(await b.run(swap(second, [4])), { is: 'paying', requestId: 'pay-1' })
    assert.equal(await b.codes(), '011100')
  },

  'H15: a hold over several sections fails whole if one seat is taken': async (b) => {
    await b.install(1, sectionState('A', 4), sectionState('B', 4))
    await b.hold(take('bob', { B: [2] }))
    const refused = await b.run(take('ann', { A: [0, 1], B: [1, 2] }))
    assert.deepEqual(refused, { is: 'taken', parts: [{ section: 'B', seats: [2] }] })
    assert.equal(await b.codes('A'), '0000')
    assert.equal(await b.codes('B'), '0010')
    const hold = await b.hold(take('ann', { A: [0, 1], B: [0, 1] }))
    assert.equal(await b.codes('A'), '1100')
    assert.equal(await b.codes('B'), '1110')
    await b.run(release(hold))
    assert.equal((await b.codes('A')) + (await b.codes('B')), '00000010')
    await b.hold(take('ann', { A: [3], B: [3] }))
    await b.advance(ttlMs)
    assert.equal((await b.codes('A')) + (await b.codes('B')), '00000000')
  },

  'A32: 100 places are given 100 times under 200 parallel takers': async (b) => {
    await b.install(1, sectionState('A', 100))
    const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => b.run(take(`v-${i}`, [i % 100]))))
    assert.equal(replies.filter(({ is }) => is === 'hold').length, 100)
    assert.equal(await b.codes(), '1'.repeat(100))
  },

  'five expiries in a row pause a holder for 60 s from the fifth deadline': async (b) => {
    await b.install(1, sectionState('A', 10), sectionState('B', 10))
    for (let i = 0; i < coolDown.expiries; i++) {
      await b.hold(take('ann', i % 2 ? { A: [i] } : { B: [i] }, { ttlMs: 1_000 }))
      await b.advance(1_000)
    }
    await b.advance(10_000)
    assert.deepEqual(await b.run(take('ann', [0])), { is: 'cooldown', retryInMs: coolDown.pauseMs - 10_000 })
    assert.equal((await b.run(take('bob', [0]))).is, 'hold')
    await b.advance(coolDown.pauseMs - 10_001)
    assert.deepEqual(await b.run(take('ann', [1])), { is: 'cooldown', retryInMs: 1 })
    await b.advance(1)
    await b.hold(take('ann', [1]))
  },

  'a release or a payment ends the row of expiries': async (b) => {
    await b.install(1, sectionState('A', 10))
    const expire = async (times: number) => {
      for (let i = 0; i < times; i++) {
        await b.hold(take('ann', [i], { ttlMs: 1_000 }))
        await b.advance(1_000)
      }
    }
    await expire(4)
    await b.run(release(await b.hold(take('ann', [0]))))
    await expire(4)
    await b.run(pin(await b.hold(take('ann', [9])), 'pay-1'))
    await expire(4)
    await b.hold(take('ann', [0], { ttlMs: 1_000 }))
    await b.advance(1_000)
    assert.equal((await b.run(take('ann', [0]))).is, 'cooldown')
  },

  'a reset releases the unpinned holds of other epochs': async (b) => {
    await b.install(1, sectionState('A', 6))
    await b.hold(take('ann', [0], { epoch: 'e-1' }))
    const paying = await b.hold(take('bob', [1], { epoch: 'e-1' }))
    await b.run(pin(paying, 'pay-1'))
    const living = await b.hold(take('cat', [2], { epoch: 'e-2' }))
    assert.deepEqual(await b.run({ do: 'reset', epoch: 'e-2' }), { is: 'done' })
    assert.equal(await b.codes(), '011000')
    assert.deepEqual(await b.holdsOf('ann'), [])
    assert.deepEqual(await b.holdsOf('cat'), [living])
  },

  'holds are found by holder, by id and by request': async (b) => {
    await b.install(1, sectionState('A', 6))
    const one = await b.hold(take('ann', [0]))
    const two = await b.hold(take('ann', [1]))
    const pinned = await b.hold(pin(two, 'pay-1'))
    const keys = [
      { holder: 'ann' },
      { holdId: one.holdId },
      { requestId: 'pay-1' },
      { holder: 'x' },
      { holdId: 'x' },
      { requestId: 'x' },
    ]
    const found = await b.inventory.holds({ scheduleId, keys })
    assert.ok(found !== 'missing')
    const [mine, ...others] = found
    assert.deepEqual(new Set(mine), new Set([one, pinned]))
    assert.deepEqual(others, [[one], [pinned], [], [], []])
  },

  'commands of one call are independent and answered in order': async (b) => {
    await b.install(1, sectionState('A', 4))
    const replies = await b.runAll(
      take('ann', [0]),
      take('bob', [0]),
      take('cat', [1], { quota: 0 }),
      take('dan', [2]),
      take('eve', [0, 3], { notAfter: never }),
    )
    assert.deepEqual(
      replies.map(({ is }) => is),
      ['hold', 'taken', 'quota', 'hold', 'taken'],
    )
    assert.equal(await b.codes(), '1010')
  },
}
