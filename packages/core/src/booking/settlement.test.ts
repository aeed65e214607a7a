import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outboxRows } from '../messaging/outbox.memory.ts'
import { allowedTransitions } from '../payment/decide.ts'
import { sandboxTokens } from '../payment/payment-gateway.memory.ts'
import { settle } from '../shared/contract.ts'
import { TicketingError } from '../shared/errors.ts'
import { boxOffice, openWorld, readers, scheduleId, startProcess, type World } from './box-office.test-support.ts'

type Process = Awaited<ReturnType<typeof startProcess>>

interface Faults {
  /** Of 256 calls so many fail before, after (a lost reply), or come late. */
  rate: number
  dead: boolean
}

/** A door whose calls may fail, lose their reply, or come late; behind a dead process nothing happens any more. */
function faulty<T extends object>(door: T, world: World, faults: Faults): T {
  const roll = () => world.runtime.random(1)[0]!
  const broken = () => {
    throw new Error(faults.dead ? 'the process is dead' : 'injected fault')
  }
  return new Proxy(door, {
    get: (target, name) => async (p: unknown) => {
      if (faults.dead || roll() < faults.rate) broken()
      if (roll() < faults.rate) await world.runtime.sleep({ ms: roll() * 20 })
      if (faults.dead) broken()
      const reply = await (Reflect.get(target, name) as (p: unknown) => Promise<unknown>).call(target, p)
      if (faults.dead || roll() < faults.rate) broken()
      return reply
    },
  })
}

async function startFaulty(world: World, rate: number): Promise<{ process: Process; faults: Faults }> {
  const faults = { rate, dead: false }
  const wrap = <T extends object>(door: T): T => faulty(door, world, faults)
  const doors = { gateway: wrap, bookingStore: wrap, paymentView: wrap, holdDesk: wrap }
  return { process: await startProcess(world, { doors }), faults }
}

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      seat: fc.integer({ min: 1, max: 6 }),
      count: fc.integer({ min: 1, max: 2 }),
      token: fc.constantFrom(...sandboxTokens),
      twice: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), which: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hear' as const),
      which: fc.nat(3),
      type: fc.constantFrom('charge.succeeded' as const, 'charge.failed' as const, 'charge.canceled' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('capture' as const), which: fc.nat(3) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const quietly = (work: Promise<unknown>): void => void work.catch(() => {})

async function perform(
  world: World,
  live: { process: Process; faults: Faults },
  op: Operation,
  n: number,
): Promise<void> {
  const { process } = live
  const { items } = await world.store.list({})
  const record = 'which' in op ? items[op.which % Math.max(1, items.length)] : undefined
  switch (op.do) {
    case 'pay': {
      const visitor = `v${n}`
      const seats = Array.from({ length: op.count }, (_, i) => op.seat + i)
      const work = process.hold(visitor, ...seats).then(async (hold) => {
        const buyer = { email: 'kim@example.com' }
        const ask = { pass: process.pass(visitor), hold, buyer, paymentToken: op.token, idempotencyKey: 'k' }
        await process.payments.request(ask).catch(() => {})
        if (op.twice) await process.payments.request(ask)
      })
      return quietly(work)
    }
    case 'cancel':
      return record && quietly(process.payments.cancel({ requestId: record.requestId, visitor: record.visitor }))
    case 'refund':
      return record && quietly(process.bookings.cancel({ reservationId: record.reservationId }))
    case 'hear': {
      if (!record) return
      const { requestId, amount } = record
      const event = { type: op.type, key: requestId, requestId, amount }
      return quietly(process.payments.settle({ requestId, event, source: 'webhook' }))
    }
    case 'capture': {
      // A charge of an earlier worker that was on its way all the time.
      if (!record || record.state === 'REQUESTED') return
      const { requestId, amount } = record
      const signal = AbortSignal.abort()
      await world.sandbox.charge({ key: requestId, requestId, amount, paymentToken: 'tok_approve', signal })
      return
    }
    case 'wait':
      for (let at = 0; at < op.ms; at += 500) {
        quietly(process.tick())
        await world.runtime.elapse(500)
      }
      return
    case 'crash':
      live.faults.dead = true
      void process.subscription?.close()
      Object.assign(live, await startFaulty(world, live.faults.rate))
  }
}

/** Money, seats, history and messages, each from its own books. */
async function audit(world: World, process: Process): Promise<void> {
  const { net, owners } = readers(world)
  const ledger = world.sandbox.ledger()
  const expected: string[] = []
  const allowed = allowedTransitions()
  for (const record of (await world.store.list({})).items) {
    const { requestId, state, refund } = record
    expect(['COMPLETED', 'FAILED'], 'I5: every payment ends').toContain(state)
    expect(['none', 'DONE']).toContain(refund)
    const kept = state === 'COMPLETED' && refund === 'none'
    const captures = ledger.filter(
      (entry) => entry.requestId === requestId && entry.type === 'charge' && entry.status === 'succeeded',
    )
    expect(captures.length, 'I4: never two captures').toBeLessThanOrEqual(1)
    expect(net(requestId), 'I2 I4: net charge is 0 or the price').toBe(kept ? record.amount.value : 0)
    if (kept)
      for (const part of record.hold.parts)
        expected.push(...part.seats.map((seat) => `${part.section}${seat + 1} COMPLETED`))
    const history = await world.store.history({ requestId })
    expect(
      history.map(({ version }) => version),
      'I6: version + 1',
    ).toEqual(history.map((_, i) => i + 1))
    for (const { from, to } of history.slice(1)) expect(allowed, 'I6').toContain(`${from}→${to}`)
    expect(record.paymentToken, 'rule 8').toBeNull()
    expect(await process.payments.status({ requestId, visitor: record.visitor })).toMatchObject({
      status: state,
      refund,
      version: record.version,
    })
  }
  expect(owners(), 'I1 I2 I3: sold seats are those of kept bookings').toEqual(expected.sort())
  const shown = [...(await process.map())].flatMap((code, i) => (code === '.' ? [] : [`A${i + 1} ${code}`]))
  expect(shown, 'the fast store shows the same').toEqual(
    expected
      .map((seat) => seat.replace('COMPLETED', 'c'))
      .sort((a, b) => Number.parseInt(a.slice(1), 10) - Number.parseInt(b.slice(1), 10)),
  )
  expect(world.record.table(outboxRows).size, 'I11: everything committed was published').toBe(0)
}

test('I2–I7 I11: whatever fails, repeats, comes late or dies, money and seats agree in the end', async () => {
  const story = fc.record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    rate: fc.constantFrom(0, 8, 40),
    operations: fc.array(operation, { minLength: 3, maxLength: 25 }),
  })
  const property = fc.asyncProperty(story, async ({ seed, rate, operations }) => {
    const world = await openWorld({ seed })
    const live = await startFaulty(world, rate)
    for (const [n, op] of operations.entries()) {
      await perform(world, live, op, n)
      for (let turn = 0; turn < 4; turn++) await settle()
    }
    live.faults.rate = 0
    const { process } = live
    for (let seconds = 0; seconds < 480; seconds++) {
      const loops = [process.tick(), ...(seconds % 5 === 0 ? [process.reconcile.tick()] : [])]
      await world.runtime.elapse(1_000)
      await Promise.all(loops)
    }
    await audit(world, process)
  })
  await fc.assert(property, {
    numRuns: 150,
    seed: 20_261_122,
  })
}, 60_000)

test('I16: two processes do everything twice, and it happens once', async () => {
  const world = await openWorld()
  const one = await startProcess(world)
  const two = await startProcess(world)
  for (const [i, token] of sandboxTokens.entries()) await one.pay(`v${i}`, [i + 1], token)
  for (let seconds = 0; seconds < 80; seconds++) {
    await Promise.all([
      one.tick(),
      two.tick(),
      one.due.tick(),
      two.due.tick(),
      one.reconcile.tick(),
      two.reconcile.tick(),
    ])
    await world.runtime.elapse(1_000)
  }
  await audit(world, one)
  const states = (await world.store.list({})).items.map(({ state }) => state)
  expect(states.filter((state) => state === 'COMPLETED')).toHaveLength(5)
})

test('I5: killed between the charge and its record: the lease finishes it', async () => {
  const world = await openWorld()
  const faults = { rate: 0, dead: false }
  const first = await startProcess(world, {
    doors: {
      bookingStore: (store) => faulty(store, world, faults),
      gateway: (gateway) => ({
        ...gateway,
        charge: async (p) => {
          const answer = await gateway.charge(p)
          faults.dead = true
          return answer
        },
      }),
    },
  })
  const { requestId } = await first.pay('v1', [1], 'tok_charged_then_timeout')
  await first.outbox.tick()
  await world.runtime.elapse(15_000)
  void first.subscription?.close()
  expect(await readers(world).recordOf(requestId)).toMatchObject({ state: 'CHARGING' })
  const second = await startProcess(world)
  await second.run(31_000)
  expect(await readers(world).recordOf(requestId)).toMatchObject({ state: 'COMPLETED' })
  await audit(world, second)
})

test('rule 7: a commit whose reply was lost is read again by key', async () => {
  let lose = true
  const house = await boxOffice({
    doors: {
      bookingStore: (store) => ({
        ...store,
        open: async (p) => {
          const replies = await store.open(p)
          if (lose) throw new Error('connection lost at COMMIT')
          return replies
        },
      }),
    },
  })
  expect(await house.pay('v1', [1])).toMatchObject({ status: 'PENDING' })
  lose = false
  await house.run(1_000)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
})

test('I18: a record that cannot be read either: BUSY, the seats stay pinned, the repeat succeeds', async () => {
  let down = true
  const house = await boxOffice({
    doors: {
      bookingStore: (store) => ({
        ...store,
        open: (p) => (down ? Promise.reject(new TicketingError('BUSY', 'down')) : store.open(p)),
      }),
    },
  })
  const hold = await house.hold('v1', 1)
  const ask = {
    pass: house.pass('v1'),
    hold,
    buyer: { email: 'a@b.kr' },
    paymentToken: 'tok_approve',
    idempotencyKey: 'k',
  }
  await expect(house.payments.request(ask)).rejects.toMatchObject({ code: 'BUSY' })
  expect(await house.map()).toBe('r...................')
  down = false
  expect(await house.payments.request(ask)).toMatchObject({ status: 'PENDING', replayed: false })
  await house.run(1_000)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
})

test('the tombstone: a pin nobody came back for is abandoned, the late commit loses', async () => {
  let late: (() => Promise<unknown>) | null = null
  const house = await boxOffice({
    doors: {
      bookingStore: (store) => ({
        ...store,
        open: (p) => {
          late = () => store.open(p)
          return Promise.reject(new Error('a very slow transaction'))
        },
      }),
    },
  })
  const hold = await house.hold('v1', 1, 2)
  const ask = {
    pass: house.pass('v1'),
    hold,
    buyer: { email: 'a@b.kr' },
    paymentToken: 'tok_approve',
    idempotencyKey: 'k',
  }
  await expect(house.payments.request(ask)).rejects.toThrow('slow')
  await house.run(29_000)
  expect(await house.map()).toBe('rr..................')
  await house.run(2_000)
  expect(await house.map()).toBe('....................')
  expect(await late!()).toEqual([{ is: 'abandoned' }])
  expect(house.owners()).toEqual([])
  await expect(house.payments.request(ask)).rejects.toMatchObject({ code: 'HOLD_EXPIRED' })
})

test('the record has sold a seat the fast store calls held: HOLD_EXPIRED, and the seat is shown sold', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1, 2)
  const { seats, version, holdId, parts } = hold
  const [reply] = await house.store.open({
    requests: [
      {
        ...{ requestId: 'r-other', reservationId: 'b-other', visitor: 'v2', idempotencyKey: 'k', fingerprint: 'f' },
        hold: {
          holdId: `${holdId}x`,
          version,
          scheduleId,
          holder: 'v2',
          parts: [{ ...parts[0]!, seats: [0] }],
          seats,
          amount: hold.amount,
        },
        ...{
          buyer: { email: 'a@b.kr' },
          paymentToken: 'tok_approve',
          leaseMs: 30_000,
          chargeWithinMs: 45_000,
          outbox: [],
        },
      },
    ],
  })
  expect(reply?.is).toBe('opened')
  const ask = {
    pass: house.pass('v1'),
    hold,
    buyer: { email: 'a@b.kr' },
    paymentToken: 'tok_approve',
    idempotencyKey: 'k',
  }
  await expect(house.payments.request(ask)).rejects.toMatchObject({ code: 'HOLD_EXPIRED' })
  expect(await house.map()).toBe('r...................')
  expect((await house.desk.owners({ scheduleId })).map(({ seat, requestId }) => [seat, requestId])).toEqual([
    [0, 'r-other'],
  ])
})

test('a request refused because of a neighbour in its batch is repeated alone', async () => {
  const sizes: number[] = []
  const house = await boxOffice({
    doors: {
      bookingStore: (store) => ({
        ...store,
        open: async (p) => {
          sizes.push(p.requests.length)
          return p.requests.length > 1 ? p.requests.map(() => ({ is: 'seats-taken' })) : store.open(p)
        },
      }),
    },
  })
  const holds = await Promise.all([1, 2, 3].map((seat) => house.hold(`v${seat}`, seat)))
  const replies = await Promise.all(
    holds.map((hold) =>
      house.payments.request({
        ...{ pass: house.pass(hold.holder), hold, buyer: { email: 'a@b.kr' } },
        ...{ paymentToken: 'tok_approve', idempotencyKey: 'k' },
      }),
    ),
  )
  expect(replies.map(({ status }) => status)).toEqual(['PENDING', 'PENDING', 'PENDING'])
  expect(sizes).toEqual([3, 1, 1, 1])
})

test('the fast stores are down while it is settled: the record goes on, the projection loop makes up for it', async () => {
  let down = false
  const house = await boxOffice({
    doors: {
      holdDesk: (desk) => ({ ...desk, project: (p) => (down ? Promise.reject(new Error('down')) : desk.project(p)) }),
      paymentView: (view) => ({ ...view, put: (p) => (down ? Promise.reject(new Error('down')) : view.put(p)) }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  down = true
  await house.run(1_000)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
  expect(await house.map()).toBe('r...................')
  expect((await house.payments.status({ requestId, visitor: 'v1' })).status).toBe('COMPLETED')
  down = false
  await house.run(1_000)
  expect(await house.map()).toBe('c...................')
  expect((await house.view.get({ requestIds: [requestId] }))[0]?.status).toBe('COMPLETED')
})

test('I3: FAILED, and the process dies before it can tell the fast store: the seats are free within 5 s', async () => {
  const world = await openWorld()
  const faults = { rate: 0, dead: false }
  const first = await startProcess(world, {
    doors: { holdDesk: (desk) => faulty(desk, world, faults) },
    consumer: false,
  })
  const { requestId } = await first.pay('v1', [1])
  faults.dead = true
  await first.payments.cancel({ requestId, visitor: 'v1' })
  const second = await startProcess(world)
  expect(await second.map()).toBe('r...................')
  await second.run(5_000)
  expect(await second.map()).toBe('....................')
})

test('reconcile: marks claims the fast store lacks, never touches RESERVED, frees an unknown owner only after two looks a lease apart', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1])
  await house.run(500)
  await house.hold('v2', 5)
  await house.hold('v3', 7)
  await house.desk.pin({ ...(await pinOf(house, 7)), requestId: 'nobody-knows', leaseMs: 3_600_000 })
  const projection = { scheduleId, parts: [{ section: 'A', seats: [0] }], recordVersion: 900 } as const
  await house.desk.project({
    ...projection,
    requestId: (await house.store.list({})).items[0]!.requestId,
    state: 'AVAILABLE',
  })
  expect(await house.map()).toBe('....r.r.............')
  await house.reconcile.tick()
  const known = (await house.store.list({})).items[0]!
  expect(known.state).toBe('COMPLETED')
  await house.runtime.elapse(29_000)
  await house.reconcile.tick()
  expect((await house.map()).slice(4)).toBe('r.r.............')
  await house.runtime.elapse(1_000)
  await house.reconcile.tick()
  expect((await house.map()).slice(4)).toBe('r...............')
  expect(await house.store.abandon({ requestIds: ['nobody-knows'] })).toEqual(['abandoned'])
})

async function pinOf(house: Awaited<ReturnType<typeof boxOffice>>, seat: number) {
  const taken = await house.hold(`v3`, seat)
  const { holdId, version, holder } = taken
  return { scheduleId, holdId, version, holder }
}

test('reconcile: a claim missing in an empty fast store is shown again', async () => {
  const house = await boxOffice({ doors: { holdDesk: (desk) => ({ ...desk, project: async () => {} }) } })
  await house.pay('v1', [1])
  await house.run(500)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
  expect(await house.map()).toBe('r...................')
  const other = await startProcess(house)
  await other.reconcile.tick()
  expect(await other.map()).toBe('c...................')
})
