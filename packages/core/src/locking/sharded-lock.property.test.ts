import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { createAlwaysGrantedLockStore } from './always-granted.memory.ts'
import { createMemoryFenceSource } from './fence-source.memory.ts'
import { admitsFence, type Lease } from './lock.ts'
import { createMemoryLockStore } from './lock-store.memory.ts'
import type { LockStore } from './lock-store.port.ts'
import { createShardedLock } from './sharded-lock.ts'

interface Job {
  readonly process: number
  readonly startMs: number
  readonly workMs: number
  /** Works on though its lease is lost: a stopped process, a handler that ignores its signal. */
  readonly deaf: boolean
}

const jobs = fc.array(
  fc.record({
    process: fc.nat(2),
    startMs: fc.nat(3_000),
    workMs: fc.integer({ min: 1, max: 2_000 }),
    deaf: fc.boolean(),
  }),
  { minLength: 2, maxLength: 12 },
)

/** What is written under the lock: it remembers the highest number it saw and refuses a lower one. */
function createTarget() {
  let seen: number | null = null
  const writes: number[] = []
  return {
    writes,
    write(fence: number): boolean {
      if (!admitsFence(seen, fence)) return false
      seen = fence
      writes.push(fence)
      return true
    },
  }
}

async function play(p: {
  store: LockStore
  runtime: ReturnType<typeof manualRuntime>
  plan: readonly Job[]
  step: (job: Job, lease: Lease, at: 'in' | 'out') => void
}) {
  const { runtime, plan } = p
  const processes = [0, 1, 2].map(() => createShardedLock({ lockStore: p.store, runtime, ttlMs: 1_000, retries: 8 }))
  const runs = plan.map(async (job) => {
    await runtime.sleep({ ms: job.startMs })
    await processes[job.process]!.withLock({ resource: 'sale' }, async (lease) => {
      p.step(job, lease, 'in')
      await runtime.sleep({ ms: job.workMs, ...(!job.deaf && { signal: lease.signal }) })
      p.step(job, lease, 'out')
    }).catch((error: { code?: string }) => expect(['LOCK_BUSY', 'LOCK_LOST']).toContain(error.code))
  })
  await runtime.elapse(60_000)
  await Promise.all(runs)
}

test('while leases are honoured, at most one is inside, over processes', async () => {
  let entered = 0
  await fc.assert(
    fc.asyncProperty(jobs, async (plan) => {
      const runtime = manualRuntime()
      let inside = 0
      const step = (_job: Job, _lease: Lease, at: 'in' | 'out') => {
        inside += at === 'in' ? 1 : -1
        expect(inside).toBeLessThanOrEqual(1)
        entered++
      }
      await play({ store: createMemoryLockStore({ runtime }), runtime, plan, step })
      expect(inside).toBe(0)
    }),
    { numRuns: 60, seed: 11 },
  )
  expect(entered).toBeGreaterThan(200)
})

test('I8: whatever is lost, fails or ignores its signal, the target sees numbers in order only', async () => {
  let stale = 0
  await fc.assert(
    fc.asyncProperty(jobs, fc.array(fc.nat(5_000), { maxLength: 4 }), fc.nat(4), async (plan, losses, failEvery) => {
      const runtime = manualRuntime()
      const store = createMemoryLockStore({
        runtime,
        fenceSource: createMemoryFenceSource({ record: createMemoryRecord() }),
      })
      for (const at of losses) void runtime.sleep({ ms: at }).then(store.lose)
      let calls = 0
      const renew: LockStore['renew'] = (q) =>
        failEvery > 1 && ++calls % failEvery === 0 ? Promise.reject(new Error('down')) : store.renew(q)
      const target = createTarget()
      const step = (_job: Job, lease: Lease) => {
        if (!target.write(lease.fence)) stale++
      }
      await play({ store: { ...store, renew }, runtime, plan, step })
      expect(target.writes).toEqual([...target.writes].sort((a, b) => a - b))
    }),
    { numRuns: 60, seed: 12 },
  )
  expect(stale, 'the property is empty unless stale holders tried to write').toBeGreaterThan(0)
})

test('over a lock that grants everything the target still sees numbers in order only', async () => {
  let overlaps = 0
  await fc.assert(
    fc.asyncProperty(jobs, async (plan) => {
      const runtime = manualRuntime()
      const target = createTarget()
      const step = (_job: Job, lease: Lease) => {
        if (!target.write(lease.fence)) overlaps++
      }
      await play({ store: createAlwaysGrantedLockStore(), runtime, plan, step })
      expect(target.writes).toEqual([...target.writes].sort((a, b) => a - b))
    }),
    { numRuns: 30, seed: 13 },
  )
  expect(overlaps).toBeGreaterThan(0)
})
