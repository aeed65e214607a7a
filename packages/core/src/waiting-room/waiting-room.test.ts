import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { createDice } from './dice.test-support.ts'
import { verifyDraw } from './draw.ts'
import type { LineDocument } from './line.ts'
import type { Pass } from './pass.ts'
import type { QueueStatus } from './queue-status.ts'
import type { QueueTicket } from './queue-ticket.ts'
import { insist, openSale, type Process, pass, scheduleId, secretA, secretB } from './waiting-room.test-support.ts'

const all = { ratePerMinute: null, capacity: null }
const shut = { ratePerMinute: null, capacity: 0 }

function passOf(status: QueueStatus): Pass {
  assert.equal(status.state, 'admitted')
  return (status as QueueStatus & { pass: Pass }).pass
}

const join = (process: Process, visitor: string, ticket?: string) =>
  process.room.join({ scheduleId, visitor, ...(ticket ? { ticket } : {}) })

describe('joining', () => {
  test('W1: 50 000 concurrent joins from 4 processes with retries: 0 duplicates', async () => {
    const sale = await openSale({ settings: shut })
    const processes = Array.from({ length: 4 }, () => sale.start())
    const numbers = new Map<string, number>()
    await Promise.all(
      Array.from({ length: 50_000 }, async (_, i) => {
        const visitor = `v${i}`
        const first = await insist(() => join(processes[i % 4]!, visitor))
        numbers.set(visitor, first.status.number!)
        if (i % 5 > 0) return
        const again = await insist(() => join(processes[(i + 1) % 4]!, visitor))
        assert.deepEqual([again.created, again.status.number], [false, first.status.number])
      }),
    )
    assert.equal(new Set(numbers.values()).size, 50_000)
    assert.equal(Math.max(...numbers.values()), 50_000)
  })

  test('W9: 1 000 parallel joins by one user through 4 processes: one number', async () => {
    const sale = await openSale({ settings: shut })
    const processes = Array.from({ length: 4 }, () => sale.start())
    const joined = await Promise.all(Array.from({ length: 1_000 }, (_, i) => join(processes[i % 4]!, 'fan')))
    assert.deepEqual([...new Set(joined.map(({ status }) => status.number))], [1])
    assert.equal(joined.filter(({ created }) => created).length, 1)
  })

  test('direct admission answers the pass at once, and a poll right after agrees', async () => {
    const process = (await openSale()).start()
    const { status, ticket } = await join(process, 'fan')
    const pass = passOf(status)
    assert.deepEqual([pass.number, pass.visitor, status.group, status.currentGroup], [1, 'fan', 1, 1])
    assert.equal(passOf(await process.room.status({ ticket })).token, pass.token)
  })

  test('after leaving, a join is a new and later number; leaving repeats', async () => {
    const process = (await openSale({ settings: shut })).start()
    const first = await join(process, 'fan')
    await join(process, 'other')
    await process.room.leave({ scheduleId, visitor: 'fan', ticket: first.ticket })
    await process.room.leave({ scheduleId, visitor: 'fan', ticket: first.ticket })
    assert.equal((await process.room.status({ ticket: first.ticket })).state, 'left')
    const second = await join(process, 'fan')
    assert.deepEqual([second.created, second.status.number], [true, 3])
    assert.equal((await process.room.stats({ scheduleId })).left, 1)
  })

  test('draining and ended take nobody; who waits is served while it drains', async () => {
    const sale = await openSale({ settings: { ...shut, partialGroupSeconds: 0 } })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    await process.schedules.setState({ scheduleId, state: 'draining' })
    await assert.rejects(join(process, 'late'), { code: 'SALE_CLOSED' })
    await process.schedules.setSettings({ scheduleId, settings: { capacity: 1 } })
    await pass(sale, [process], 400)
    assert.equal((await process.room.status({ ticket })).state, 'admitted')
    await process.schedules.setState({ scheduleId, state: 'ended' })
    await pass(sale, [process], 600)
    await assert.rejects(join(process, 'fan'), { code: 'SALE_CLOSED' })
    assert.equal((await process.room.status({ ticket })).state, 'admitted')
  })

  test('who still waits when the sale ends is told so', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    await process.schedules.setState({ scheduleId, state: 'paused' })
    await pass(sale, [process], 600)
    const paused = await process.room.status({ ticket })
    assert.deepEqual([paused.state, paused.eta], ['paused', null])
    for (const state of ['open', 'draining', 'ended'] as const) await process.schedules.setState({ scheduleId, state })
    await pass(sale, [process], 600)
    assert.equal((await process.room.status({ ticket })).state, 'ended')
  })

  test('arrivals beyond every block of the ceiling find headroom', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    for (let wave = 0; wave < 5; wave++) {
      const visitors = Array.from({ length: 2_000 }, (_, i) => `v${wave}-${i}`)
      await Promise.all(visitors.map((visitor) => join(process, visitor)))
      sale.runtime.advance(1_000)
    }
    const [record] = (await sale.catalogue.schedules({ ids: [scheduleId] })).items
    assert.ok(record && record.ceiling >= 10_000 && record.ceiling <= 40_000, `ceiling ${record?.ceiling}`)
    assert.equal((await process.room.stats({ scheduleId })).joined, 10_000)
  })
})

describe('waiting', () => {
  test('W5: 100 free slots, 300 waiting of whom half are gone: all offered within claim window + 1 tick', async () => {
    const sale = await openSale({ settings: { ...shut, claimWindowSeconds: 10 } })
    const process = sale.start()
    const joined = await Promise.all(Array.from({ length: 300 }, (_, i) => join(process, `v${i}`)))
    const alive = joined.filter((_, i) => i % 2 === 0).map(({ ticket }) => ticket)
    await process.schedules.setSettings({ scheduleId, settings: { capacity: 100 } })
    const admitted = new Set<QueueTicket>()
    const poll = async () => {
      for (const ticket of alive.filter((ticket) => !admitted.has(ticket))) {
        if ((await process.room.status({ ticket })).state === 'admitted') admitted.add(ticket)
      }
    }
    // Of the first 100 offers 50 are claimed, of the 50 returned ones 25, and so on: no claim window goes to waste.
    await pass(sale, [process], 1_000, poll)
    assert.equal(admitted.size, 50)
    await pass(sale, [process], 10_200, poll)
    assert.equal(admitted.size, 75)
    await pass(sale, [process], 10_200, poll)
    assert.ok(admitted.size >= 87)
  })

  test('W10: reload, closed tab within grace, hidden tab and a restarted server keep the number', async () => {
    const sale = await openSale({ settings: { ...shut, partialGroupSeconds: 0 } })
    let process = sale.start()
    const { ticket } = await join(process, 'fan')
    assert.equal((await join(process, 'fan', ticket)).status.number, 1)
    process = sale.start()
    assert.equal((await process.room.status({ ticket })).number, 1)
    for (let minute = 0; minute < 5; minute++) {
      await pass(sale, [process], 60_000)
      assert.deepEqual(await numberAndState(process, ticket), [1, 'waiting'])
    }
    await process.schedules.setSettings({ scheduleId, settings: { capacity: 1 } })
    await join(process, 'next')
    // The tab was closed: the offer lapsed, the next visitor was offered the slot; on return it is the first of the late.
    await pass(sale, [process], 300_000)
    assert.deepEqual(await numberAndState(process, ticket), [1, 'waiting'])
    await pass(sale, [process], 90_000)
    assert.deepEqual(await numberAndState(process, ticket), [1, 'admitted'])
    await pass(sale, [process], 600_000)
    assert.deepEqual(await numberAndState(process, ticket), [1, 'expired'])
    assert.equal((await join(process, 'fan', ticket)).status.number, 3)
  })

  test('W13: 100 parallel claims: one slot, one pass', async () => {
    const sale = await openSale({ settings: { ...shut, partialGroupSeconds: 0 } })
    const processes = [sale.start(), sale.start()]
    const { ticket } = await join(processes[0]!, 'fan')
    await processes[0]!.schedules.setSettings({ scheduleId, settings: { capacity: 5 } })
    await pass(sale, processes, 600)
    const polls = Array.from({ length: 100 }, (_, i) => processes[i % 2]!.room.status({ ticket }))
    const tokens = (await Promise.all(polls)).map((status) => passOf(status).token)
    assert.equal(new Set(tokens).size, 1)
    const stats = await processes[0]!.room.stats({ scheduleId })
    assert.deepEqual([stats.active, stats.offered], [1, 0])
  })

  test('W7: waiting polls call no store; a process ticks five times a second, whatever the number of polls', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    await pass(sale, [process], 1_000)
    process.calls.queue = 0
    for (let i = 0; i < 20_000; i++) await process.room.status({ ticket })
    assert.equal(process.calls.queue, 0)
    await pass(sale, [process], 1_000, async () => void (await process.room.status({ ticket })))
    assert.ok(process.calls.queue <= 10, `${process.calls.queue} calls a second`)
  })

  test('without a loop a poll refreshes a copy that is older than a second', async () => {
    const sale = await openSale({ settings: { ...shut, partialGroupSeconds: 0 } })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    await process.schedules.setSettings({ scheduleId, settings: { capacity: 1 } })
    sale.runtime.advance(1_100)
    await process.room.status({ ticket })
    sale.runtime.advance(1_100)
    assert.equal((await process.room.status({ ticket })).state, 'admitted')
  })

  test('W15: by rising document version the shown position never rises, in 20 sales over two processes', async () => {
    for (let seed = 1; seed <= 20; seed++) await watchPositions(seed)
  }, 30_000)

  test('a poll that comes too early is refused after three free ones, and costs no place', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    const poll = () => process.room.status({ ticket, polite: true })
    const { nextPollMs } = await poll()
    await poll()
    await poll()
    await assert.rejects(poll(), (error: { code?: string; retryInMs?: number }) => {
      assert.equal(error.code, 'POLL_TOO_EARLY')
      assert.ok(error.retryInMs! > 0 && error.retryInMs! <= nextPollMs)
      return true
    })
    sale.runtime.advance(nextPollMs)
    assert.equal((await poll()).number, 1)
  })

  test('watch yields what changes and ends after admitted', async () => {
    const sale = await openSale({ settings: { ...shut, groupSize: 2, partialGroupSeconds: 0 } })
    const process = sale.start()
    const tickets = await Promise.all(['a', 'b', 'c'].map(async (visitor) => (await join(process, visitor)).ticket))
    const seen: [string, number | null][] = []
    const watching = (async () => {
      for await (const status of process.room.watch({ ticket: tickets[2]! })) seen.push([status.state, status.ahead])
    })()
    for (const capacity of [1, 2, 3]) {
      await pass(sale, [process], 400)
      await process.schedules.setSettings({ scheduleId, settings: { capacity } })
    }
    await pass(sale, [process], 1_000)
    await watching
    assert.deepEqual(seen, [
      ['waiting', 2],
      ['waiting', 1],
      ['waiting', 0],
      ['admitted', 0],
    ])
  })

  test('watch ends when it is aborted', async () => {
    const process = (await openSale({ settings: shut })).start()
    const { ticket } = await join(process, 'fan')
    const stop = new AbortController()
    const states: string[] = []
    for await (const { state } of process.room.watch({ ticket, signal: stop.signal })) {
      states.push(state)
      queueMicrotask(() => stop.abort())
    }
    assert.deepEqual(states, ['waiting'])
  })

  test('a ticket past half its life is signed anew', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    sale.runtime.advance(11 * 3_600_000)
    assert.equal((await process.room.status({ ticket })).ticket, ticket)
    sale.runtime.advance(2 * 3_600_000)
    const renewed = (await process.room.status({ ticket })).ticket
    assert.notEqual(renewed, ticket)
    sale.runtime.advance(12 * 3_600_000)
    await assert.rejects(process.room.status({ ticket }), { code: 'TICKET_INVALID' })
    assert.equal((await process.room.status({ ticket: renewed })).number, 1)
  })

  test('W12: key rotation loses nobody: the retired key verifies, the new one signs', async () => {
    const sale = await openSale({ settings: all })
    const before = sale.start({ secrets: [secretA] })
    const { ticket, status } = await join(before, 'fan')
    const after = sale.start({ secrets: [secretB, secretA] })
    const again = await after.room.status({ ticket })
    assert.equal(passOf(again).number, 1)
    assert.notEqual(passOf(again).token, passOf(status).token)
    await after.gate.demand({ pass: await after.room.verifyPass({ token: passOf(status).token }) })
    await before.gate.demand({ pass: passOf(status) })
    const retired = sale.start({ secrets: [secretB] })
    await assert.rejects(retired.room.status({ ticket }), { code: 'TICKET_INVALID' })
  })
})

describe('the pre-queue', () => {
  test('scheduled and prequeue: no number, no group, nothing ahead; opensAt bounds the next poll', async () => {
    const sale = await openSale({ state: 'scheduled', opensAt: 10_000 })
    const process = sale.start()
    const { created, status, ticket } = await join(process, 'fan')
    assert.deepEqual([created, status.state], [true, 'scheduled'])
    assert.deepEqual([status.number, status.group, status.currentGroup, status.ahead], [null, null, null, null])
    assert.ok(status.nextPollMs <= 10_000)
    sale.runtime.advance(9_500)
    assert.ok((await process.room.status({ ticket })).nextPollMs <= 500)
  })

  test('the loop opens the sale at opensAt; the pre-queued become numbers in order', async () => {
    const sale = await openSale({ state: 'prequeue', opensAt: 5_000, settings: { ...all, partialGroupSeconds: 0 } })
    const processes = [sale.start(), sale.start()]
    const tickets: QueueTicket[] = []
    for (const visitor of ['a', 'b', 'c']) tickets.push((await join(processes[0]!, visitor)).ticket)
    await pass(sale, processes, 4_800)
    assert.equal((await processes[1]!.room.status({ ticket: tickets[0]! })).state, 'prequeue')
    await pass(sale, processes, 1_200)
    const numbers = await Promise.all(
      tickets.map(async (ticket) => (await processes[1]!.room.status({ ticket })).number),
    )
    assert.deepEqual(numbers, [1, 2, 3])
    assert.deepEqual((await join(processes[1]!, 'b')).status.number, 2)
  })

  test('a draw can be recomputed by everybody from what it publishes', async () => {
    const sale = await openSale({ state: 'prequeue', settings: { ...shut, policy: 'draw' } })
    const process = sale.start()
    const tickets: QueueTicket[] = []
    for (let i = 0; i < 50; i++) tickets.push((await join(process, `v${i}`)).ticket)
    const before = await process.room.draw({ scheduleId })
    assert.deepEqual([before?.policy, before?.secret, before?.n], ['draw', null, null])
    await process.schedules.setSettings({ scheduleId, settings: { beacon: 'public value' } })
    await process.schedules.setState({ scheduleId, state: 'open' })
    await pass(sale, [process], 1_000)
    const numbers = await Promise.all(tickets.map(async (ticket) => (await process.room.status({ ticket })).number!))
    assert.deepEqual(
      [...numbers].sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    assert.notDeepEqual(
      numbers,
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    const disclosure = await process.room.draw({ scheduleId })
    assert.ok(disclosure && before)
    assert.deepEqual([disclosure.commitment, disclosure.n, disclosure.beacon], [before.commitment, 50, 'public value'])
    assert.deepEqual(verifyDraw({ disclosure, numbers }), { ok: true })
    const renewed = await process.room.status({ ticket: tickets[7]! })
    assert.notEqual(renewed.ticket, tickets[7])
    assert.equal((await process.room.status({ ticket: renewed.ticket })).number, numbers[7])
    assert.equal((await join(process, 'v7', tickets[7])).status.number, numbers[7])
    assert.equal((await join(process, 'v8')).status.number, numbers[8])
    assert.equal((await join(process, 'later')).status.number, 51)
    const members = await process.room.members({ scheduleId })
    assert.equal(members.items.find(({ visitor }) => visitor === 'v7')?.number, numbers[7])
  })

  test('one who leaves the pre-queue has left after the draw, too', async () => {
    const sale = await openSale({ state: 'prequeue', settings: { ...shut, policy: 'draw' } })
    const process = sale.start()
    const { ticket } = await join(process, 'fan')
    for (let i = 0; i < 9; i++) await join(process, `v${i}`)
    await process.room.leave({ scheduleId, visitor: 'fan', ticket })
    assert.equal((await process.room.status({ ticket })).state, 'left')
    await process.schedules.setState({ scheduleId, state: 'open' })
    await pass(sale, [process], 1_000)
    assert.equal((await process.room.status({ ticket })).state, 'left')
    const again = await join(process, 'fan', ticket)
    assert.deepEqual([again.created, again.status.number], [true, 11])
  })

  test('an opening that was lost together with the store draws the same numbers again', async () => {
    const sale = await openSale({ state: 'prequeue', settings: { ...shut, policy: 'draw' } })
    const before = sale.start()
    const { ticket } = await join(before, 'fan')
    for (let i = 0; i < 9; i++) await join(before, `v${i}`)
    await before.schedules.setState({ scheduleId, state: 'open' })
    await pass(sale, [before], 1_000)
    const { number } = await before.room.status({ ticket })
    await before.schedules.setSettings({ scheduleId, settings: { beacon: 'changed', policy: 'fifo' } })
    sale.queue.restart({ empty: true })
    const after = sale.start()
    assert.equal((await after.room.status({ ticket })).number, number)
  })
})

describe('the pass', () => {
  test('the gate accepts a live pass, refuses one that was given back, done or over', async () => {
    const sale = await openSale({ settings: { ...all, passTtlSeconds: 60 } })
    const process = sale.start()
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map(async (visitor) => passOf((await join(process, visitor)).status)),
    )
    await Promise.all([a, b, c].map((pass) => process.gate.demand({ pass: pass! })))
    await process.room.leave({ scheduleId, visitor: 'a', pass: a! })
    await process.room.leave({ scheduleId, visitor: 'b', pass: b!, as: 'done' })
    for (const pass of [a!, b!]) await assert.rejects(process.gate.demand({ pass }), { code: 'PASS_EXPIRED' })
    const stats = await process.room.stats({ scheduleId })
    assert.deepEqual([stats.left, stats.done, stats.active], [1, 1, 1])
    sale.runtime.advance(60_000)
    await assert.rejects(process.gate.glance({ pass: c! }), { code: 'PASS_EXPIRED' })
    await assert.rejects(process.gate.demand({ pass: c! }), { code: 'PASS_EXPIRED' })
    await assert.rejects(process.room.verifyPass({ token: c!.token }), { code: 'PASS_EXPIRED' })
  })

  test('checks of one turn travel as one command', async () => {
    const process = (await openSale({ settings: all })).start()
    const joined = await Promise.all(Array.from({ length: 100 }, (_, i) => join(process, `v${i}`)))
    process.calls.queue = 0
    await Promise.all(joined.map(({ status }) => process.gate.demand({ pass: passOf(status) })))
    assert.equal(process.calls.queue, 1)
  })

  test('an object that only looks like a pass opens nothing', async () => {
    const process = (await openSale({ settings: all })).start()
    const real = passOf((await join(process, 'fan')).status)
    const forgeries = [{ ...real, visitor: 'other' }, { ...real, number: 7 }, { ...real, token: 'x' }, {}, null, 7]
    for (const forged of forgeries) {
      await assert.rejects(process.gate.glance({ pass: forged as unknown as Pass }), { code: 'PASS_REQUIRED' })
      await assert.rejects(process.gate.demand({ pass: forged as unknown as Pass }), { code: 'PASS_REQUIRED' })
    }
  })

  test('I18: when the store fails nobody is admitted and the answer is BUSY', async () => {
    const sale = await openSale({ settings: all })
    const before = passOf((await join(sale.start(), 'fan')).status)
    const broken = async () => {
      throw new Error('connection lost')
    }
    const dead = { join: broken, tick: broken, claim: broken, leave: broken, configure: broken, members: broken }
    const process = sale.start({ queue: dead })
    await assert.rejects(join(process, 'other'), { code: 'BUSY' })
    await assert.rejects(process.gate.demand({ pass: before }), { code: 'BUSY' })
    await assert.rejects(process.loop.tick(), { code: 'BUSY' })
    assert.equal((await process.room.verifyPass({ token: before.token })).number, 1)
  })
})

describe('the end of an epoch', () => {
  test('W17: a reset starts a new epoch; nothing from the old one is accepted or cached', async () => {
    const sale = await openSale({ settings: { ...all, capacity: 1 } })
    const processes = [sale.start(), sale.start()]
    const admitted = await join(processes[0]!, 'a')
    const waiting = await join(processes[1]!, 'b')
    await processes[0]!.schedules.reset({ scheduleId })
    await pass(sale, processes, 1_000)
    for (const process of processes) {
      await assert.rejects(process.room.status({ ticket: waiting.ticket }), { code: 'EPOCH_OVER' })
      await assert.rejects(process.room.status({ ticket: admitted.ticket }), { code: 'EPOCH_OVER' })
      const { token } = passOf(admitted.status)
      await assert.rejects(process.room.verifyPass({ token }), { code: 'PASS_EXPIRED' })
      await assert.rejects(process.gate.demand({ pass: passOf(admitted.status) }), { code: 'PASS_EXPIRED' })
      await assert.rejects(process.gate.glance({ pass: passOf(admitted.status) }), { code: 'PASS_EXPIRED' })
    }
    await processes[0]!.room.leave({ scheduleId, visitor: 'a', ticket: admitted.ticket })
    const again = await join(processes[1]!, 'b', waiting.ticket)
    assert.deepEqual([again.created, again.status.number, again.status.state], [true, 1, 'admitted'])
    assert.equal((await processes[0]!.room.stats({ scheduleId })).joined, 1)
  })

  test('W17: what the new epoch issued is good in a process that has not heard of the reset', async () => {
    const sale = await openSale({ settings: all })
    const [first, second] = [sale.start(), sale.start()]
    const old = passOf((await join(second, 'a')).status)
    await first.schedules.reset({ scheduleId })
    const { ticket, status } = await join(first, 'b')
    const pass = passOf(status)
    for (const judge of [
      (p: Pass) => second.gate.glance({ pass: p }),
      (p: Pass) => second.gate.demand({ pass: p }),
      (p: Pass) => second.room.verifyPass({ token: p.token }),
    ]) {
      await judge(pass)
      await assert.rejects(judge(old), { code: 'PASS_EXPIRED' })
    }
    await sale.start().room.leave({ scheduleId, visitor: 'b', ticket })
    assert.equal((await second.room.stats({ scheduleId })).left, 1)
  })

  test('W17: the crowd of an old epoch costs the record one read a turn', async () => {
    const sale = await openSale({ settings: shut })
    const process = sale.start()
    const crowd = await Promise.all(Array.from({ length: 100 }, (_, i) => join(process, `v${i}`)))
    await process.schedules.reset({ scheduleId })
    await process.loop.tick()
    let reads = 0
    const { schedules } = sale.catalogue
    sale.catalogue.schedules = (p) => {
      reads++
      return schedules(p)
    }
    const polls = await Promise.allSettled(crowd.map(({ ticket }) => process.room.status({ ticket })))
    for (const poll of polls) assert.equal(poll.status === 'rejected' && poll.reason.code, 'EPOCH_OVER')
    assert.equal(reads, 1)
  })

  test('W17: a place of the new epoch is given back in a process that has not heard of the reset', async () => {
    const sale = await openSale({ settings: all })
    const [first, second] = [sale.start(), sale.start()]
    await join(second, 'a')
    await first.schedules.reset({ scheduleId })
    const { ticket } = await join(first, 'b')
    await second.room.leave({ scheduleId, visitor: 'b', ticket })
    assert.equal((await first.room.stats({ scheduleId })).left, 1)
  })

  test('W17: a process that hears of a reset from the line alone follows it, with no poll refused meanwhile', async () => {
    const sale = await openSale({ settings: shut })
    const [first, second] = [sale.start(), sale.start()]
    const { ticket } = await join(second, 'b')
    await second.loop.tick()
    await first.schedules.reset({ scheduleId })
    const young = await join(first, 'a')
    await second.loop.tick()
    assert.equal((await second.room.status({ ticket: young.ticket })).number, 1)
    await assert.rejects(second.room.status({ ticket }), { code: 'EPOCH_OVER' })
  })

  test('W17: a ticket of the new epoch is known to a process that has not heard of the reset', async () => {
    const sale = await openSale({ settings: shut })
    const [first, second] = [sale.start(), sale.start()]
    await join(first, 'a')
    await join(second, 'b')
    await first.schedules.reset({ scheduleId })
    const { ticket } = await join(first, 'a')
    assert.equal((await second.room.status({ ticket })).number, 1)
  })
})

describe('W18: the store is lost', () => {
  test('restarted empty: no number twice, no place lost, the admitted go on, nobody gets in by accident', async () => {
    const sale = await openSale({ settings: { ...all, capacity: 3, passTtlSeconds: 60 } })
    const processes = [sale.start(), sale.start()]
    const before = []
    for (let i = 0; i < 10; i++) before.push(await join(processes[i % 2]!, `v${i}`))
    await pass(sale, processes, 400)
    sale.queue.restart({ empty: true })
    await pass(sale, processes, 200)

    const numbers = before.map(({ status }) => status.number!)
    for (const [i, { ticket, status }] of before.entries()) {
      const now = await processes[i % 2]!.room.status({ ticket })
      assert.deepEqual([now.number, now.state], [numbers[i], status.state])
    }
    for (const { status } of before.slice(0, 3)) await processes[0]!.gate.demand({ pass: passOf(status) })
    for (let i = 0; i < 20; i++) {
      const { status } = await join(processes[i % 2]!, `new${i}`)
      assert.equal(status.state, 'waiting')
      numbers.push(status.number!)
    }
    assert.equal(new Set(numbers).size, 30)
    const stats = await processes[0]!.room.stats({ scheduleId })
    assert.equal(stats.offered + stats.active, 3)
    await processes[0]!.room.leave({ scheduleId, visitor: 'v0', pass: passOf(before[0]!.status) })
    await pass(sale, processes, 400)
    assert.equal((await processes[1]!.room.status({ ticket: before[3]!.ticket })).state, 'admitted')
  })

  test('restarted empty with every process: tickets keep their places, passes go on', async () => {
    const sale = await openSale({ settings: { ...all, capacity: 2, passTtlSeconds: 60 } })
    const old = sale.start()
    const before = []
    for (let i = 0; i < 6; i++) before.push(await join(old, `v${i}`))
    sale.queue.restart({ empty: true })
    const process = sale.start()
    await process.gate.demand({ pass: passOf(before[1]!.status) })
    await process.gate.demand({ pass: passOf(before[0]!.status) })
    const joined = await join(process, 'v4', before[4]!.ticket)
    assert.deepEqual([joined.created, joined.status.number, joined.status.state], [false, 5, 'waiting'])
    assert.equal((await process.room.stats({ scheduleId })).active, 2)
  })

  test('failed over to an old replica: no number twice, the line does not go back', async () => {
    const sale = await openSale({ settings: { ...all, capacity: 5 } })
    const process = sale.start()
    const before = [await join(process, 'v0')]
    const failOver = sale.queue.replicate()
    for (let i = 1; i < 8; i++) before.push(await join(process, `v${i}`))
    await pass(sale, [process], 400)
    failOver()
    await pass(sale, [process], 400)
    const document = process.lines.peek(scheduleId)!.document
    assert.equal(document.admittedThrough, 5)
    for (const { ticket, status } of before) {
      const now = await process.room.status({ ticket })
      assert.deepEqual([now.number, now.state], [status.number, status.state])
    }
    const { status } = await join(process, 'new')
    assert.ok(before.every((other) => other.status.number! < status.number!))
  })

  test('lost again and again in the middle of a burst, under two processes: every number is issued once', async () => {
    const sale = await openSale({ settings: shut })
    const processes = [sale.start(), sale.start()]
    const numbers: number[] = []
    for (let wave = 0; wave < 12; wave++) {
      const joins = Array.from({ length: 300 }, async (_, i) => {
        const { status } = await insist(() => join(processes[i % 2]!, `v${wave}-${i}`))
        numbers.push(status.number!)
      })
      if (wave % 3 < 2) sale.queue.restart({ empty: wave % 3 === 0 })
      await Promise.all(joins)
      await pass(sale, processes, 200)
    }
    assert.equal(new Set(numbers).size, 3_600)
  })

  test('a recovery by the process that knows least does not move the line back', async () => {
    const sale = await openSale({ settings: { ...all, capacity: 5 } })
    const [informed, ignorant] = [sale.start(), sale.start()]
    await join(ignorant, 'first')
    for (let i = 0; i < 8; i++) await join(informed, `v${i}`)
    await informed.loop.tick()
    sale.queue.restart({ empty: true })
    await ignorant.loop.tick()
    await informed.loop.tick()
    await ignorant.loop.tick()
    for (const { lines } of [informed, ignorant]) assert.equal(lines.peek(scheduleId)?.document.admittedThrough, 5)
  })

  test('two processes that notice at the same time recover once', async () => {
    const sale = await openSale({ settings: shut })
    const processes = [sale.start(), sale.start(), sale.start()]
    for (const [i, process] of processes.entries()) await join(process, `v${i}`)
    sale.queue.restart({ empty: true })
    await Promise.all(processes.map((process, i) => join(process, `w${i}`)))
    const audit = await sale.catalogue.audit({})
    const recoveries = audit.items.filter(({ action }) => action === 'line-recovered')
    assert.ok(recoveries.length >= 1 && recoveries.length <= 3)
    const documents = processes.map(({ lines }) => lines.peek(scheduleId)!.document)
    await pass(sale, processes, 1_000)
    assert.equal(
      new Set(processes.map(({ lines }) => lines.peek(scheduleId)!.document.version)).size,
      1,
      `${documents}`,
    )
  })
})

describe('bad input', () => {
  test('is one typed error, and nothing changes', async () => {
    const process = (await openSale({ settings: shut })).start()
    const { ticket } = await join(process, 'fan')
    const { room } = process
    const odd = [undefined, null, 7, Number.NaN, {}, [], '', 'a b', 'x'.repeat(65), true]
    const wrong = <T>(value: unknown) => value as T
    for (const value of odd) {
      await assert.rejects(room.join({ scheduleId: wrong(value), visitor: 'v' }), { code: 'INVALID' })
      await assert.rejects(room.join({ scheduleId, visitor: wrong(value) }), { code: 'INVALID' })
      await assert.rejects(room.status({ ticket: wrong(value) }), { code: 'TICKET_INVALID' })
      await assert.rejects(room.leave({ scheduleId: wrong(value), visitor: 'v' }), { code: 'INVALID' })
      await assert.rejects(room.verifyPass({ token: wrong(value) }), { code: 'PASS_REQUIRED' })
      await assert.rejects(room.members({ scheduleId: wrong(value) }), { code: 'INVALID' })
      await assert.rejects(room.stats({ scheduleId: wrong(value) }), { code: 'INVALID' })
      await assert.rejects(room.draw({ scheduleId: wrong(value) }), { code: 'INVALID' })
    }
    for (const value of odd.slice(1)) {
      await assert.rejects(room.join({ scheduleId, visitor: 'v', operationId: wrong(value) }), { code: 'INVALID' })
      await assert.rejects(room.leave({ scheduleId, visitor: 'v', as: wrong(value) }), /INVALID|as must/)
    }
    for (const group of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, wrong<number>('1')])
      await assert.rejects(room.members({ scheduleId, group }), { code: 'INVALID' })
    for (const method of ['join', 'status', 'leave', 'verifyPass', 'members', 'stats', 'draw'] as const) {
      const call = room[method] as (p?: unknown) => Promise<unknown>
      for (const value of [undefined, null, 7])
        await assert.rejects(call(value), (error: { code?: string }) => typeof error.code === 'string')
    }
    await assert.rejects(room.join({ scheduleId: 'unknown', visitor: 'v' }), { code: 'NOT_FOUND' })
    await assert.rejects(room.status({ ticket, visitor: 'other' }), { code: 'TICKET_INVALID' })
    await assert.rejects(room.leave({ scheduleId, visitor: 'other', ticket }), { code: 'TICKET_INVALID' })
    await assert.rejects(room.leave({ scheduleId: 'game-2', visitor: 'fan', ticket }), { code: 'TICKET_INVALID' })
    const stats = await room.stats({ scheduleId })
    assert.deepEqual([stats.joined, stats.waiting], [1, 1])
  })

  test('a ticket that proves nothing does not keep anybody from joining', async () => {
    const process = (await openSale({ settings: shut })).start()
    const { ticket } = await join(process, 'fan')
    assert.equal((await join(process, 'other', ticket)).status.number, 2)
    assert.equal((await join(process, 'third', 'garbage')).status.number, 3)
  })
})

async function numberAndState(process: Process, ticket: string): Promise<[number | null, string]> {
  const { number, state } = await process.room.status({ ticket })
  return [number, state]
}

/** A crowd polls two processes whose copies differ; whoever waits sees a position that only falls. */
async function watchPositions(seed: number): Promise<void> {
  const dice = createDice(seed)
  const sale = await openSale({
    seed,
    settings: { capacity: 3 + dice(20), ratePerMinute: 60 + dice(2_000), groupSize: 1 + dice(30), passTtlSeconds: 20 },
  })
  const processes = [sale.start(), sale.start()]
  const crowd: { ticket: string; best: number; version: number }[] = []
  for (let tick = 0; tick < 120; tick++) {
    if (tick % 10 === 0) {
      for (let i = 0; i < dice(12); i++) {
        const { ticket } = await join(processes[dice(2)]!, `v${tick}-${i}`)
        crowd.push({ ticket, best: Number.POSITIVE_INFINITY, version: 0 })
      }
    }
    if (tick === 60 && seed % 4 === 0) sale.queue.restart({ empty: seed % 8 === 0 })
    sale.runtime.advance(200)
    // The copies drift apart: only one of the processes hears of this tick.
    await processes[dice(2)]!.loop.tick()
    for (const visitor of crowd) {
      if (dice(4) > 0) continue
      const status = await processes[dice(2)]!.room.status({ ticket: visitor.ticket })
      if (status.state !== 'waiting' || status.documentVersion < visitor.version) continue
      const late = status.number! <= documentOf(processes, status.documentVersion)
      if (late) continue
      assert.ok(status.ahead! <= visitor.best, `seed ${seed}: position rose from ${visitor.best} to ${status.ahead}`)
      visitor.best = status.ahead!
      visitor.version = status.documentVersion
      const { eta } = status
      assert.ok(eta === null || (eta.lowSeconds >= 0 && eta.lowSeconds <= eta.highSeconds))
    }
  }
}

function documentOf(processes: readonly Process[], version: number): number {
  const documents = processes.map(({ lines }) => lines.peek(scheduleId)?.document) as LineDocument[]
  return documents.find((document) => document?.version === version)?.admittedThrough ?? 0
}
