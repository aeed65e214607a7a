import { randomUUID } from 'node:crypto'
import { demandCount, demandId, TicketingError } from '@b-ticketing/core'
import { fencingNumber } from '@b-ticketing/core/adapter-kit'
import type { FenceSource, LockStore } from '@b-ticketing/core/ports'
import { type Keys, keptMs } from './keys.ts'
import { loadScript, type ScriptRunner } from './script.ts'

const acquireLease = loadScript('acquire-lease')
const renewLease = loadScript('renew-lease')
const releaseLease = loadScript('release-lease')

type AcquireReply =
  | readonly ['granted', fence: number, until: number]
  | readonly ['held', retryInMs: number]
  | readonly ['ask', word: string]

/** Far more rounds than losses of data can follow one another within one call. */
const maxRounds = 5

/** A key's row lives on for a day after its lease; a life of centuries is no life that Redis counts. */
const maxTtlMs = 2 ** 43

/**
 * Leases in Redis. Numbers are `epoch · 2³² + counter` with a fence source: then they grow over restarts, failovers and lost
 * data. Without one they start at the server's clock in microseconds, which holds as long as that clock is not turned back.
 */
export function createRedisLockStore(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'lock'>
  readonly fenceSource?: FenceSource
}): LockStore {
  const { scripts, keys, fenceSource } = p
  const ask = async (key: string, args: readonly (string | number)[]): Promise<AcquireReply> =>
    (await scripts.run(acquireLease, { keys: [keys.lock(key)], args })) as AcquireReply

  return {
    async acquire({ key, owner, ttlMs }) {
      demandId(key, 'key')
      demandId(owner, 'owner')
      demandCount(ttlMs, 'ttlMs', { max: maxTtlMs })
      const terms = [owner, ttlMs, keptMs, fenceSource ? 'epoch' : 'clock', randomUUID()]
      let [word, first]: [string, number | ''] = ['', '']
      for (let round = 0; round < maxRounds; round++) {
        const reply = await ask(key, [...terms, word, first])
        if (reply[0] === 'granted') return { ok: true, fence: reply[1], until: reply[2] }
        if (reply[0] === 'held' || !fenceSource) return { ok: false, retryInMs: Number(reply[1]) }
        word = reply[1]
        first = fencingNumber(await fenceSource.next({ key }), 1)
      }
      throw new TicketingError('BUSY', 'Redis keeps losing the lock', { retryInMs: 1_000 })
    },

    async renew({ key, owner, fence, ttlMs }) {
      demandId(key, 'key')
      demandCount(ttlMs, 'ttlMs', { max: maxTtlMs })
      return (await scripts.run(renewLease, { keys: [keys.lock(key)], args: [owner, fence, ttlMs, keptMs] })) === 1
    },

    async release({ key, owner, fence }) {
      demandId(key, 'key')
      return (await scripts.run(releaseLease, { keys: [keys.lock(key)], args: [owner, fence] })) === 1
    },
  }
}
