import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import { laneOf, outboxLanes } from './lane.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.port.ts'
import { paymentMessage } from './payment-message.ts'

export interface OutboxSubject extends Subject<Outbox> {
  /** Writes rows as the transaction of their cause does, in this order. */
  append(messages: readonly Message[]): Promise<void>
  /** Reads the store itself, not through the port: the event ids not marked published, oldest first. */
  unpublished(): Promise<readonly Id[]>
}

type Leased = Awaited<ReturnType<Outbox['lease']>>

const leaseMs = 30_000
const everything = { relay: 'relay-1', lanes: outboxLanes, leaseMs, limit: 256 }

/** The n-th message of a request. */
const message = (requestId: Id, n = 0): Message => ({
  ...paymentMessage({ topic: 'payment-requested', at: n, requestId, reservationId: 'r', scheduleId: 's' }),
  eventId: `${requestId}-${n}`,
})

/** `count` requests, each in a lane of its own. */
function requests(count: number): Id[] {
  const byLane = new Map<number, Id>()
  for (let i = 0; byLane.size < count; i++)
    if (!byLane.has(laneOf(`request-${i}`))) byLane.set(laneOf(`request-${i}`), `request-${i}`)
  return [...byLane.values()]
}

const eventIds = (leased: Leased): Id[] => leased.flatMap(({ rows }) => rows.map((row) => row.message.eventId))

const published = (leased: Leased) =>
  leased.map(({ lane, token, rows }) => ({ lane, token, eventIds: rows.map((row) => row.message.eventId) }))

/** What every Outbox does. It goes on after a relay lost its lane to another. */
export const outboxContract = (factory: SubjectFactory<OutboxSubject>): readonly ContractCase[] =>
  bindCases('Outbox', factory, {
    'the factory gives an empty outbox': async ({ port, unpublished }) => {
      assert.deepEqual(await port.lease(everything), [])
      assert.deepEqual(await unpublished(), [])
    },

    'the factory’s rows can be read behind the port': async ({ append, unpublished }) => {
      await append([message('a', 0), message('a', 1)])
      assert.deepEqual(await unpublished(), ['a-0', 'a-1'])
    },

    'the factory gives a clock that moves as told': async ({ now, advance }) => {
      const before = now()
      await advance(1_234)
      assert.equal(now() - before, 1_234)
    },

    'leases a lane with its rows as they were written': async ({ port, append }) => {
      await append([message('a', 0)])
      const [lane] = await port.lease(everything)
      assert.equal(lane?.lane, laneOf('a'))
      assert.ok(lane.token.length > 0)
      assert.deepEqual(
        lane.rows.map((row) => row.message),
        [message('a', 0)],
      )
    },

    'I11: within a lane rows come in the order they were written': async ({ port, append }) => {
      const keys = requests(4)
      for (let n = 0; n < 20; n++) await append(keys.map((key) => message(key, n)))
      for (const { rows } of await port.lease(everything)) {
        assert.equal(rows.length, 20)
        assert.deepEqual(
          rows.map((row) => row.message.at),
          rows.map((_, n) => n),
        )
        assert.ok(rows.every((row, i) => i === 0 || row.seq > rows[i - 1]!.seq))
      }
    },

    'a leased lane is nobody else’s, not even for rows written later': async ({ port, append }) => {
      await append([message('a', 0)])
      await port.lease(everything)
      await append([message('a', 1)])
      assert.deepEqual(await port.lease({ ...everything, relay: 'relay-2' }), [])
      assert.deepEqual(await port.lease(everything), [])
    },

    'marked rows are gone and the lane is free again': async ({ port, append, unpublished }) => {
      await append([message('a', 0)])
      const leased = await port.lease(everything)
      await append([message('a', 1)])
      await port.mark({ published: published(leased) })
      assert.deepEqual(await unpublished(), ['a-1'])
      assert.deepEqual(eventIds(await port.lease({ ...everything, relay: 'relay-2' })), ['a-1'])
    },

    'rows that are not named come again, in their order': async ({ port, append, unpublished }) => {
      await append([0, 1, 2, 3].map((n) => message('a', n)))
      const [lane] = await port.lease(everything)
      await port.mark({ published: [{ lane: lane!.lane, token: lane!.token, eventIds: ['a-0', 'a-2'] }] })
      assert.deepEqual(await unpublished(), ['a-1', 'a-3'])
      assert.deepEqual(eventIds(await port.lease(everything)), ['a-1', 'a-3'])
    },

    'a mark without rows gives the lane back': async ({ port, append }) => {
      await append([message('a', 0)])
      const [lane] = await port.lease(everything)
      await port.mark({ published: [{ lane: lane!.lane, token: lane!.token, eventIds: [] }] })
      assert.deepEqual(eventIds(await port.lease(everything)), ['a-0'])
    },

    'a lease ends exactly at its time, and the next one has another token': async ({ port, append, advance }) => {
      await append([message('a', 0)])
      const [before] = await port.lease(everything)
      await advance(leaseMs - 1)
      assert.deepEqual(await port.lease({ ...everything, relay: 'relay-2' }), [])
      await advance(1)
      const [after] = await port.lease({ ...everything, relay: 'relay-2' })
      assert.equal(after?.lane, before?.lane)
      assert.notEqual(after?.token, before?.token)
    },

    'after the takeover the stale token changes nothing': async ({ port, append, advance, unpublished }) => {
      await append([message('a', 0), message('a', 1)])
      const stale = await port.lease(everything)
      await advance(leaseMs)
      const taken = await port.lease({ ...everything, relay: 'relay-2' })
      await port.mark({ published: published(stale) })
      assert.deepEqual(await unpublished(), ['a-0', 'a-1'])
      assert.deepEqual(await port.lease(everything), [], 'a stale mark gave the lane back')
      await port.mark({ published: published(taken) })
      assert.deepEqual(await unpublished(), [])
      await append([message('a', 2)])
      await port.mark({ published: [{ lane: laneOf('a'), token: stale[0]!.token, eventIds: ['a-2'] }] })
      assert.deepEqual(await unpublished(), ['a-2'])
    },

    'a late mark counts while nobody leased the lane since': async ({ port, append, advance, unpublished }) => {
      await append([message('a', 0)])
      const leased = await port.lease(everything)
      await advance(leaseMs * 2)
      await port.mark({ published: published(leased) })
      assert.deepEqual(await unpublished(), [])
    },

    'a token marks rows of its own lane only': async ({ port, append, unpublished }) => {
      const [a, b] = requests(2) as [Id, Id]
      await append([message(a, 0), message(b, 0)])
      const leased = await port.lease(everything)
      const own = leased.find(({ lane }) => lane === laneOf(a))!
      await port.mark({ published: [{ ...own, eventIds: [`${b}-0`, 'unknown'] }] })
      await port.mark({ published: [{ lane: laneOf(b), token: own.token, eventIds: [`${b}-0`] }] })
      assert.deepEqual(await unpublished(), [`${a}-0`, `${b}-0`])
    },

    'a repeated mark changes nothing': async ({ port, append, unpublished }) => {
      await append([message('a', 0)])
      const leased = await port.lease(everything)
      await port.mark({ published: published(leased) })
      await append([message('a', 1)])
      const next = await port.lease(everything)
      await port.mark({ published: published(leased) })
      assert.deepEqual(await port.lease(everything), [], 'the lane was given back by a token of the past')
      await port.mark({ published: published(next) })
      assert.deepEqual(await unpublished(), [])
    },

    'leases no more lanes than asked, the others stay free': async ({ port, append }) => {
      const keys = requests(5)
      await append(keys.map((key) => message(key)))
      const first = await port.lease({ ...everything, lanes: 2 })
      assert.equal(first.length, 2)
      const rest = await port.lease({ ...everything, relay: 'relay-2' })
      assert.equal(rest.length, 3)
      assert.deepEqual(eventIds([...first, ...rest]).sort(), keys.map((key) => `${key}-0`).sort())
    },

    'gives no more rows than the limit in all, the oldest of each lane': async ({ port, append }) => {
      const keys = requests(3)
      for (let n = 0; n < 10; n++) await append(keys.map((key) => message(key, n)))
      const leased = await port.lease({ ...everything, limit: 7 })
      assert.equal(eventIds(leased).length, 7)
      for (const { rows } of leased) {
        assert.ok(rows.length > 0, 'a lane without rows was leased')
        assert.deepEqual(
          rows.map((row) => row.message.at),
          rows.map((_, n) => n),
        )
      }
    },

    'I16: of parallel relays each lane goes to one': async ({ port, append }) => {
      const keys = requests(20)
      await append(keys.map((key) => message(key)))
      const leases = await Promise.all(
        Array.from({ length: 10 }, (_, i) => port.lease({ ...everything, relay: `relay-${i}`, lanes: 4 })),
      )
      const lanes = leases.flat().map(({ lane }) => lane)
      assert.equal(lanes.length, new Set(lanes).size)
      assert.equal(lanes.length, 20)
    },

    'a known event id is written once and keeps its place': async ({ port, append, unpublished }) => {
      await append([message('a', 0), message('a', 1)])
      await append([message('a', 0)])
      assert.deepEqual(await unpublished(), ['a-0', 'a-1'])
      const [lane] = await port.lease(everything)
      assert.ok(lane!.rows[0]!.seq < lane!.rows[1]!.seq)
    },

    'bad input is INVALID and leases nothing': async ({ port, append }) => {
      await append([message('a', 0)])
      for (const bad of [0, -1, 1.5, Number.NaN]) {
        await assert.rejects(port.lease({ ...everything, lanes: bad }), { code: 'INVALID' })
        await assert.rejects(port.lease({ ...everything, leaseMs: bad }), { code: 'INVALID' })
        await assert.rejects(port.lease({ ...everything, limit: bad }), { code: 'INVALID' })
      }
      await assert.rejects(port.lease({ ...everything, relay: 'not an id' }), { code: 'INVALID' })
      await port.mark({ published: [{ lane: 99, token: 'nobody', eventIds: ['a-0'] }] })
      assert.deepEqual(eventIds(await port.lease(everything)), ['a-0'])
    },
  })
