import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Catalogue } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { openEngine, openSale, scheduleId } from './line.test-support.ts'
import type { JoinReport, ToChild, ToParent } from './process.test-support.ts'
import { describeRedis } from './redis.test-support.ts'
import type { RedisClient } from './redis-client.ts'
import { openClient } from './redis-url.ts'

const file = fileURLToPath(new URL('./process.test-support.ts', import.meta.url))

await describeRedis(
  'one line, many processes',
  (redis) => {
    const newPrefix = () => `test-${randomUUID()}:`

    /** A process of its own over the parent's record. */
    const start = (prefix: string, catalogue: Catalogue, onJoined: (joins: readonly JoinReport[]) => void) => {
      const child = fork(file, [redis.url, prefix], { execArgv: ['--conditions=@b-ticketing/source'] })
      let finish = () => {}
      const send = (message: ToChild) => child.connected && child.send(message, () => {})
      child.on('message', async (message: ToParent) => {
        if (message.is === 'joined') return onJoined(message.joins)
        if (message.is === 'done') return finish()
        const { id, method, args } = message
        const ask = catalogue[method] as (p: unknown) => Promise<unknown>
        await ask(args).then(
          (value) => send({ is: 'answer', id, value }),
          (error: Error) => send({ is: 'answer', id, failed: error.message }),
        )
      })
      const join = (visitors: readonly string[], atOnce: number) =>
        new Promise<void>((resolve) => {
          finish = resolve
          send({ is: 'join', visitors, atOnce })
        })
      return { child, join }
    }

    const end = async (child: ChildProcess) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }

    test('W1: 50 000 joins from four processes, with retries and kills: no number twice, none lost, order kept', async () => {
      const count = 50_000
      const prefix = newPrefix()
      const sale = await openSale({ url: redis.url, prefix })
      const reports: JoinReport[] = []
      let heard = () => {}
      const report = (joins: readonly JoinReport[]) => {
        reports.push(...joins)
        heard()
      }
      const launch = () => start(prefix, sale.catalogue, report)
      // Each process has a quarter of the crowd, and a tenth of another's: those ask twice.
      const shares = [0, 1, 2, 3].map((k) =>
        Array.from({ length: count }, (_, i) => i)
          .filter((i) => i % 4 === k || (i % 4 === (k + 1) % 4 && i % 40 < 4))
          .map((i) => `visitor-${i}`),
      )
      const processes = [launch(), launch(), launch(), launch()]
      const atOnce = 500
      const running = processes.map(({ join }, k) => join(shares[k] as string[], atOnce))
      // Two die in the middle of it; whoever takes their place does not know how far they came, and asks for all again.
      for (const k of [0, 2]) {
        const before = reports.length
        await new Promise<void>((resolve) => {
          heard = () => reports.length > before + 6_000 && resolve()
        })
        const dead = processes[k] as (typeof processes)[0]
        await end(dead.child)
        const next = launch()
        processes[k] = next
        running[k] = next.join(shares[k] as string[], atOnce)
      }
      await Promise.all(running)

      const numbers = new Map<string, number>()
      for (const { visitor, number } of reports) {
        expect(numbers.get(visitor) ?? number).toBe(number)
        numbers.set(visitor, number)
      }
      expect(numbers.size).toBe(count)
      expect(new Set(numbers.values()).size).toBe(count)
      expect(Math.max(...numbers.values())).toBe(count)
      expect(inversions(reports)).toBe(0)
      expect(reports.filter(({ created }) => created).length).toBeGreaterThan(count * 0.9)
      expect(reports.filter(({ created }) => !created).length).toBeGreaterThan(count * 0.05)

      const listed: string[] = []
      let after: string | undefined
      do {
        const page = await sale.first.waitingRoom.members({ scheduleId, ...(after !== undefined && { after }) })
        for (const { number, visitor } of page.items) {
          expect(numbers.get(visitor)).toBe(number)
          listed.push(visitor)
        }
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(listed).toHaveLength(count)
      expect(await sale.first.waitingRoom.stats({ scheduleId })).toMatchObject({ joined: count, waiting: count })

      await Promise.all(processes.map(({ child }) => end(child)))
      await sale.close()
    }, 120_000)

    test.each([0, 1_000, 20_000])(
      'W7: at %i polls a second, at most 10 client commands a second',
      async (rate) => {
        const prefix = newPrefix()
        const sale = await openSale({ url: redis.url, prefix })
        const client = openClient(redis.url, 5_000)
        const counted = countCalls(client)
        const engine = await openEngine({ redis: counted.client, catalogue: sale.catalogue, options: { prefix } })
        const joins = Array.from({ length: 1_000 }, (_, i) => engine.waitingRoom.join({ scheduleId, visitor: `v${i}` }))
        const tickets = (await Promise.all(joins)).map(({ ticket }) => ticket)
        await engine.start()
        await sleep(300)
        const seconds = 2
        const before = counted.calls()
        const began = performance.now()
        let polls = 0
        for (let elapsed = 0; elapsed < seconds * 1_000; elapsed = performance.now() - began) {
          const due = Math.floor((rate * elapsed) / 1_000) - polls
          const some = Array.from({ length: due }, () =>
            engine.waitingRoom.status({ ticket: tickets[polls++ % 1_000] as string }),
          )
          for (const { state } of await Promise.all(some)) if (state !== 'waiting') throw new Error(state)
          await sleep(5)
        }
        const commands = counted.calls() - before
        expect(polls).toBeGreaterThanOrEqual(rate * seconds * 0.95)
        expect(commands / seconds).toBeLessThanOrEqual(10)
        expect(commands).toBeGreaterThan(seconds)
        await engine.close()
        client.disconnect()
        await sale.close()
      },
      30_000,
    )
  },
  ['single'],
)

/** Places that were given in another order than asked for: one answered before another was asked has the lower number. */
function inversions(reports: readonly JoinReport[]): number {
  const fresh = reports.filter(({ created }) => created)
  const events = fresh.flatMap((join) => [
    { at: join.from, number: join.number, ends: false },
    { at: join.to, number: join.number, ends: true },
  ])
  // At one instant nothing is before the other.
  events.sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends))
  const floors = new Map<number, number>()
  let highest = 0
  let found = 0
  for (const { number, ends } of events) {
    if (!ends) floors.set(number, highest)
    else {
      if (number < (floors.get(number) as number)) found++
      highest = Math.max(highest, number)
    }
  }
  return found
}

/** A client whose commands are counted. */
function countCalls(client: RedisClient) {
  let calls = 0
  for (const name of ['call', 'callBuffer'] as const) {
    const original = client[name].bind(client)
    client[name] = (command, ...args) => {
      calls++
      return original(command, ...args)
    }
  }
  return { client, calls: () => calls }
}
