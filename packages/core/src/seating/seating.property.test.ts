import { expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { Hold } from './hold.ts'
import { applyDelta, codeAt, type MapSnapshot } from './occupancy.ts'
import type { SeatCommand, SeatInventory, SeatReply } from './seat-inventory.port.ts'
import { ballpark, scheduleId } from './seating.test-support.ts'

/** Small numbers, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

interface Owner {
  readonly by: Id
  readonly until: Ms
}

/**
 * Follows every answer of the store in the order in which the store acted, and knows by itself whose each seat is. An owner
 * that meets another living one is an error, whatever the store's own books say.
 */
function auditor(now: () => Ms) {
  const owners = new Map<string, Owner>()
  const errors: string[] = []
  let taken = 0

  const own = (command: SeatCommand, reply: SeatReply, at: Ms): void => {
    if (reply.is === 'hold' && !reply.repeated) {
      const { holdId, expiresAt, parts } = reply.hold
      const by = command.do === 'pin' ? command.requestId : holdId
      if (command.do === 'take' && command.replaces) free(command.replaces.holdId)
      for (const { section, seats } of parts) {
        for (const seat of seats) {
          const before = owners.get(`${section}/${seat}`)
          const living = before && before.until > at && before.by !== holdId && before.by !== by
          if (living) errors.push(`${section}/${seat} given to ${by} while it was ${before.by}'s`)
          owners.set(`${section}/${seat}`, { by, until: command.do === 'pin' ? Number.POSITIVE_INFINITY : expiresAt })
        }
      }
      if (command.do === 'take') taken++
    }
    if (reply.is !== 'done') return
    if (command.do === 'release') free(command.holdId)
    if (command.do === 'unpin') free(command.requestId)
    if (command.do === 'project' && command.state === 'AVAILABLE') free(command.owner)
  }

  const free = (by: Id | null): void => {
    for (const [seat, owner] of owners) if (owner.by === by) owners.delete(seat)
  }

  let order: Promise<unknown> = Promise.resolve()
  const watch = (port: SeatInventory): SeatInventory => ({
    ...port,
    commit: (p) => {
      const at = now()
      const answer = port.commit(p)
      order = order.then(async () => {
        const { replies } = await answer
        for (const [i, reply] of replies.entries()) own(p.commands[i]!, reply, at)
      })
      return answer
    },
  })

  return { watch, errors, taken: () => taken, settled: () => order, owners }
}

/** Loses calls on their way to the store, and answers on their way back. */
function lossy(port: SeatInventory, random: (below: number) => number): SeatInventory {
  const faulty =
    <P, R>(call: (p: P) => Promise<R>) =>
    async (p: P): Promise<R> => {
      const fate = random(100)
      if (fate === 0) throw new Error('lost on its way')
      const answer = await call(p)
      if (fate === 1) throw new Error('answer lost')
      return answer
    }
  return {
    ...port,
    commit: faulty(port.commit),
    read: faulty(port.read),
    holds: faulty(port.holds),
    reap: faulty(port.reap),
  }
}

const workers = 64

async function storm(p: {
  readonly operations: number
  readonly seed: number
  readonly broken?: (port: SeatInventory) => SeatInventory
}) {
  const { broken = (port) => port } = p
  const random = numbers(p.seed)
  let now = () => 0
  const audit = auditor(() => now())
  const house = await ballpark({
    processes: 3,
    seed: p.seed,
    settings: { holdTtlSeconds: 1 },
    faults: { inventory: (port) => lossy(audit.watch(broken(port)), random) },
  })
  now = house.runtime.now
  const { processes, runtime, record } = house
  let left = p.operations
  let recordVersion = 0
  let refusals = 0
  let told: MapSnapshot | null = null

  const someSeats = (): readonly Id[] => {
    const section = ['A', 'B', 'G'][random(3)]!
    const row = section === 'A' ? 1 + random(2) : 1
    const first = 1 + random(10)
    return Array.from({ length: 1 + random(3) }, (_, i) => `${section}-${row}-${Math.min(10, first + i)}`)
  }

  /** What a client does whose answer never came: the same again. */
  const insist = async <T>(call: () => Promise<T>): Promise<T | null> => {
    for (let i = 0; i < 4; i++) {
      try {
        return await call()
      } catch (error) {
        if (!isTicketingError(error)) throw error
        if (error.code !== 'BUSY') return null
      }
    }
    return null
  }

  const pay = async (process: (typeof processes)[number], hold: Hold, requestId: Id) => {
    const { holdId, version, holder, parts } = hold
    const { desk } = process
    const pinned = await insist(() => desk.pin({ scheduleId, holdId, version, holder, requestId, leaseMs: 500 }))
    if (pinned?.is !== 'pinned') return
    if (random(3) === 0) return insist(() => desk.unpin({ scheduleId, requestId }))
    const claim = { scheduleId, parts, requestId }
    for (const state of ['PAYING', 'COMPLETED'] as const) {
      const at = ++recordVersion
      await insist(() => desk.project({ ...claim, state, holder, recordVersion: at }))
    }
    const at = ++recordVersion
    await insist(() => desk.project({ ...claim, state: 'AVAILABLE', recordVersion: at }))
  }

  const work = async (worker: number): Promise<void> => {
    let visitor = 0
    const holds: Hold[] = []
    while (left-- > 0) {
      const serial = left
      const process = processes[random(processes.length)]!
      const pass = house.pass(`w-${worker}-${visitor}`)
      const hold = holds[random(Math.max(1, holds.length))]
      const operationId = `op-${serial}`
      const dice = random(100)
      if (random(8) === 0) runtime.advance(random(40))
      if (serial % 500 === 0) await insist(() => process.expiry.tick())
      if (serial % 250 === 0) await check()
      if (dice < 35) {
        const seatIds = [...new Set(someSeats())]
        const answer = await insist(() => process.seating.select({ pass, seatIds, operationId }))
        if (answer?.ok) holds.push(answer.value)
        else refusals++
      } else if (dice < 60) {
        const ask = {
          pass,
          quantity: 1 + random(4),
          operationId,
          ...(random(2) && { section: ['A', 'B', 'E', 'G'][random(4)]! }),
        }
        const answer = await insist(() => process.seating.autoAssign(ask))
        if (answer?.ok) holds.push(answer.value)
        else refusals++
      } else if (!hold) visitor++
      else if (dice < 75) await insist(() => process.seating.release({ pass, holdId: hold.holdId }))
      else if (dice < 82) await insist(() => process.seating.extend({ pass, holdId: hold.holdId }))
      else if (dice < 95) await pay(process, hold, `pay-${serial}`)
      else await insist(() => process.seating.hold({ pass, holdId: hold.holdId }))
      if (dice >= 60 && hold) holds.splice(holds.indexOf(hold), 1)
      if (random(20) === 0) {
        visitor++
        holds.length = 0
      }
    }
  }

  /** I14 as one process sees it, and: what it told before, plus what it tells since, is what it tells now. */
  const check = async (): Promise<void> => {
    const { seating, books } = processes[0]!
    await insist(() => books.refresh(scheduleId))
    const [book] = books.opened()
    const next = book!.copy.snapshot()
    const delta = told && book!.copy.delta(told.version)
    if (told && delta) expect({ ...applyDelta(told, delta), storeTime: next.storeTime }).toEqual(next)
    told = next
    const stats = await insist(() => seating.stats({ scheduleId }))
    if (stats) expect(stats.available + stats.reserved + stats.completed + stats.blocked).toBe(stats.capacity)
  }

  await Promise.all(Array.from({ length: workers }, (_, i) => work(i)))
  await audit.settled()
  return { house, audit, record, refusals, end: runtime.now() }
}

test('H3 H12 I1 I14: 10⁵ random operations, 64 workers, three processes, expiry and crashes: no seat in two live holds', async () => {
  const { house, audit, refusals } = await storm({ operations: 100_000, seed: 20_261_122 })
  expect(audit.errors).toEqual([])
  expect(audit.taken()).toBeGreaterThan(10_000)
  expect(refusals).toBeGreaterThan(1_000)

  const sections = house.sale && ['A', 'B', 'T', 'E', 'G']
  const map = await house.store.read({ scheduleId, sections })
  if (map.is !== 'snapshot') throw new Error(map.is)
  const at = house.runtime.now()
  for (const { section, count, codes } of map.sections) {
    for (let seat = 0; seat < count; seat++) {
      const owner = audit.owners.get(`${section}/${seat}`)
      const blocked = section === 'B' && seat === 9
      const owned = owner !== undefined && owner.until > at
      expect([section, seat, codeAt(codes, seat) !== 0]).toEqual([section, seat, owned || blocked])
    }
  }
  for (const { feedLoop } of house.processes) {
    for (let i = 0; i < 5; i++) await feedLoop.tick().catch(() => {})
  }
  const copies = house.processes.map(({ books }) => books.opened()[0]!.copy.snapshot().sections)
  for (const copy of copies) expect(copy).toEqual(map.sections)
}, 120_000)

/** A store that now and then gives what is taken. */
const generous = (port: SeatInventory): SeatInventory => ({
  ...port,
  commit: async (p) => {
    const answer = await port.commit(p)
    const replies = answer.replies.map((reply, i): SeatReply => {
      const command = p.commands[i]!
      if (reply.is !== 'taken' || command.do !== 'take' || i % 5 > 0) return reply
      const { holdId, holder, parts, price, epoch } = command
      const times = { createdAt: command.notAfter - 600_000, expiresAt: command.notAfter - 599_000 }
      const hold = {
        holdId,
        version: answer.version,
        scheduleId,
        holder,
        parts,
        price,
        epoch,
        requestId: null,
        ...times,
      }
      return { is: 'hold', repeated: false, hold }
    })
    return { ...answer, replies }
  },
})

test('the auditor notices a store that gives a seat twice', async () => {
  const { audit } = await storm({ operations: 1_000, seed: 1, broken: generous })
  expect(audit.errors.length).toBeGreaterThan(0)
})
