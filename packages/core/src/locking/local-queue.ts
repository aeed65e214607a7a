import { busy } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'

/** Callers of one process, one at a time per key, in the order they came: only the first of them bothers the store. */
export interface LocalQueue {
  /** Answers what lets the next one in (called once), or null when `patienceMs` passed or `signal` aborted first. @throws `BUSY` */
  enter(p: { key: Id; patienceMs: Ms; signal: AbortSignal | undefined }): Promise<(() => void) | null>
}

const maxWaiting = 10_000

export function createLocalQueue(p: { readonly runtime: Pick<Runtime, 'sleep'> }): LocalQueue {
  type Waiter = () => void
  /** A key is taken while it has a line, also an empty one. */
  const lines = new Map<Id, Waiter[]>()
  let waiting = 0

  const leave = (key: Id): void => {
    const next = lines.get(key)?.shift()
    if (next) next()
    else lines.delete(key)
  }

  const waitInLine = (key: Id, line: Waiter[], patienceMs: Ms, signal: AbortSignal | undefined) =>
    new Promise<(() => void) | null>((resolve) => {
      const over = new AbortController()
      const waiter = () => {
        waiting--
        resolve(() => leave(key))
        over.abort()
      }
      const giveUp = () => {
        const at = line.indexOf(waiter)
        if (at < 0) return
        waiting--
        line.splice(at, 1)
        resolve(null)
      }
      waiting++
      line.push(waiter)
      signal?.addEventListener('abort', () => over.abort(), { once: true, signal: over.signal })
      void p.runtime.sleep({ ms: patienceMs, signal: over.signal }).then(giveUp)
    })

  return {
    async enter({ key, patienceMs, signal }) {
      if (signal?.aborted) return null
      const line = lines.get(key)
      if (!line) {
        lines.set(key, [])
        return () => leave(key)
      }
      if (patienceMs <= 0) return null
      if (waiting >= maxWaiting) throw busy(`more than ${maxWaiting} callers wait for locks`)
      return waitInLine(key, line, patienceMs, signal)
    },
  }
}
