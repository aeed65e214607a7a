import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { LockGrant, LockStore } from './lock-store.port.ts'

export interface LockStoreSubject extends Subject<LockStore> {
  /** Reads the store itself, not through the port: who holds the key now, and with which number. */
  holder(key: Id): Promise<{ readonly owner: Id; readonly fence: number } | null>
  /** The store forgets all its data, as a restart without it does. */
  lose(): void | Promise<void>
}

const key = 'lock-1'
const ttlMs = 5_000

async function granted(store: LockStore, owner: Id, at: Id = key): Promise<LockGrant> {
  const reply = await store.acquire({ key: at, owner, ttlMs })
  assert.ok(reply.ok, `${owner} was refused`)
  assert.ok(Number.isSafeInteger(reply.fence) && reply.fence > 0, 'a fence is a positive safe integer')
  return reply
}

async function refused(store: LockStore, owner: Id): Promise<number> {
  const reply = await store.acquire({ key, owner, ttlMs })
  assert.ok(!reply.ok, `${owner} was granted a lease that another holds`)
  return reply.retryInMs
}

const isHeld = async (subject: LockStoreSubject, owner: Id, fence: number): Promise<void> =>
  assert.deepEqual(await subject.holder(key), { owner, fence })

/** What every LockStore does. It goes on where locks break: after the expiry, after the takeover, after a loss of data. */
export const lockStoreContract = (factory: SubjectFactory<LockStoreSubject>): readonly ContractCase[] =>
  bindCases('LockStore', factory, {
    'the factory gives an empty store': async (subject) => {
      assert.equal(await subject.holder(key), null)
    },

    'the factory gives a clock that moves as told': async (subject) => {
      const before = subject.now()
      await subject.advance(1_234)
      assert.equal(subject.now() - before, 1_234)
    },

    'grants a free key until ttl from now': async (subject) => {
      const now = subject.now()
      const { fence, until } = await granted(subject.port, 'a')
      assert.equal(until, now + ttlMs)
      await isHeld(subject, 'a', fence)
    },

    'refuses another owner and says when the lease is due': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(2_000)
      assert.equal(await refused(subject.port, 'b'), 3_000)
      await isHeld(subject, 'a', fence)
    },

    'a repeated acquire by the owner is the same grant, prolonged': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(2_000)
      const now = subject.now()
      assert.deepEqual(await granted(subject.port, 'a'), { ok: true, fence, until: now + ttlMs })
      await subject.advance(ttlMs - 1)
      await refused(subject.port, 'b')
    },

    'is live one millisecond before its end and over exactly at it': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(ttlMs - 1)
      assert.equal(await refused(subject.port, 'b'), 1)
      await subject.advance(1)
      const next = await granted(subject.port, 'b')
      assert.ok(next.fence > fence)
    },

    'cannot be renewed or released at its end, though nobody took it': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(ttlMs)
      assert.equal(await subject.port.renew({ key, owner: 'a', fence, ttlMs }), false)
      assert.equal(await subject.port.release({ key, owner: 'a', fence }), false)
      assert.equal(await subject.holder(key), null)
    },

    'an owner whose lease ended gets a higher number the next time': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(ttlMs)
      const again = await granted(subject.port, 'a')
      assert.ok(again.fence > fence)
      assert.equal(
        await subject.port.renew({ key, owner: 'a', fence, ttlMs }),
        false,
        'with its old number it is stale',
      )
      await isHeld(subject, 'a', again.fence)
    },

    'renewal lasts ttl from now, again and again': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      for (let i = 0; i < 5; i++) {
        await subject.advance(ttlMs - 1)
        assert.equal(await subject.port.renew({ key, owner: 'a', fence, ttlMs }), true)
      }
      await subject.advance(ttlMs - 1)
      await refused(subject.port, 'b')
      await subject.advance(1)
      await granted(subject.port, 'b')
    },

    'renewal may shorten the lease': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      assert.equal(await subject.port.renew({ key, owner: 'a', fence, ttlMs: 10 }), true)
      await subject.advance(10)
      await granted(subject.port, 'b')
    },

    'only the owner with its number renews and releases': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      const others = [
        { owner: 'b', fence },
        { owner: 'a', fence: fence + 1 },
        { owner: 'a', fence: fence - 1 },
        { owner: 'a', fence: Number.NaN },
      ]
      for (const other of others) {
        assert.equal(await subject.port.renew({ key, ...other, ttlMs: 60_000 }), false)
        assert.equal(await subject.port.release({ key, ...other }), false)
      }
      await isHeld(subject, 'a', fence)
      await subject.advance(ttlMs)
      assert.equal(await subject.holder(key), null, 'a refused renewal prolongs nothing')
    },

    'release frees the key once': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      assert.equal(await subject.port.release({ key, owner: 'a', fence }), true)
      assert.equal(await subject.holder(key), null)
      assert.equal(await subject.port.release({ key, owner: 'a', fence }), false)
      assert.equal(await subject.port.renew({ key, owner: 'a', fence, ttlMs }), false)
    },

    'numbers grow over releases and takeovers': async (subject) => {
      const fences: number[] = []
      for (let i = 0; i < 10; i++) {
        const owner = `owner-${i % 3}`
        const { fence } = await granted(subject.port, owner)
        fences.push(fence)
        if (i % 2) await subject.advance(ttlMs)
        else await subject.port.release({ key, owner, fence })
      }
      assert.deepEqual(
        fences,
        [...new Set(fences)].sort((a, b) => a - b),
      )
    },

    'I8: after the takeover the stale owner changes nothing': async (subject) => {
      const stale = await granted(subject.port, 'a')
      await subject.advance(ttlMs)
      const taken = await granted(subject.port, 'b')
      assert.ok(taken.fence > stale.fence)
      for (const fence of [stale.fence, taken.fence]) {
        assert.equal(await subject.port.renew({ key, owner: 'a', fence, ttlMs }), false)
        assert.equal(await subject.port.release({ key, owner: 'a', fence }), false)
      }
      await refused(subject.port, 'a')
      await isHeld(subject, 'b', taken.fence)
      assert.equal(await subject.port.release({ key, owner: 'b', fence: taken.fence }), true)
    },

    'I8: the stale owner stays refused after the next owner let go': async (subject) => {
      const stale = await granted(subject.port, 'a')
      await subject.advance(ttlMs)
      const taken = await granted(subject.port, 'b')
      await subject.port.release({ key, owner: 'b', fence: taken.fence })
      assert.equal(await subject.port.renew({ key, owner: 'a', fence: stale.fence, ttlMs }), false)
      assert.equal(await subject.holder(key), null)
    },

    'I8: after a loss of data the old lease is gone and numbers still grow': async (subject) => {
      const before = await granted(subject.port, 'a')
      await subject.lose()
      assert.equal(await subject.port.renew({ key, owner: 'a', fence: before.fence, ttlMs }), false)
      assert.equal(await subject.port.release({ key, owner: 'a', fence: before.fence }), false)
      let last = before.fence
      for (let i = 0; i < 5; i++) {
        const { fence } = await granted(subject.port, `b-${i}`)
        assert.ok(fence > last, 'a number was used again after the loss')
        last = fence
        if (i % 2) await subject.lose()
        else await subject.port.release({ key, owner: `b-${i}`, fence })
      }
    },

    'keys are independent': async (subject) => {
      const one = await granted(subject.port, 'a', 'lock-1')
      const two = await granted(subject.port, 'b', 'lock-2')
      assert.equal(await subject.port.release({ key: 'lock-2', owner: 'a', fence: one.fence }), false)
      assert.equal(await subject.port.release({ key: 'lock-1', owner: 'a', fence: one.fence }), true)
      assert.deepEqual(await subject.holder('lock-2'), { owner: 'b', fence: two.fence })
    },

    'keys of inherited names are ordinary keys': async (subject) => {
      await granted(subject.port, 'a', 'constructor')
      await granted(subject.port, 'a', '__proto__')
    },

    'of 100 parallel callers one is granted': async (subject) => {
      const owners = Array.from({ length: 100 }, (_, i) => `owner-${i}`)
      const replies = await Promise.all(owners.map((owner) => subject.port.acquire({ key, owner, ttlMs })))
      const winners = owners.filter((_, i) => replies[i]?.ok)
      assert.equal(winners.length, 1)
      assert.equal((await subject.holder(key))?.owner, winners[0])
    },

    'of 100 parallel callers one takes over': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      await subject.advance(ttlMs)
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, i) => subject.port.acquire({ key, owner: `owner-${i}`, ttlMs })),
      )
      const grants = replies.filter((reply) => reply.ok)
      assert.equal(grants.length, 1)
      assert.ok(grants[0]!.fence > fence)
    },

    '100 parallel repeats by one owner are one grant': async (subject) => {
      const replies = await Promise.all(
        Array.from({ length: 100 }, () => subject.port.acquire({ key, owner: 'a', ttlMs })),
      )
      assert.equal(new Set(replies.map((reply) => reply.ok && reply.fence)).size, 1)
    },

    'of parallel releases one is true': async (subject) => {
      const { fence } = await granted(subject.port, 'a')
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => subject.port.release({ key, owner: 'a', fence })),
      )
      assert.equal(replies.filter(Boolean).length, 1)
    },

    'bad input is INVALID and changes nothing': async (subject) => {
      const bad = [
        { key: '', owner: 'a', ttlMs },
        { key: 'a b', owner: 'a', ttlMs },
        { key, owner: '', ttlMs },
        { key, owner: 7 as unknown as Id, ttlMs },
        { key, owner: 'x'.repeat(65), ttlMs },
        ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((ms) => ({ key, owner: 'a', ttlMs: ms })),
      ]
      for (const input of bad) await assert.rejects(subject.port.acquire(input), { code: 'INVALID' })
      assert.equal(await subject.holder(key), null)
      const { fence } = await granted(subject.port, 'a')
      await assert.rejects(subject.port.renew({ key, owner: 'a', fence, ttlMs: -1 }), { code: 'INVALID' })
      await isHeld(subject, 'a', fence)
    },
  })
