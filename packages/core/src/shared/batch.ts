import { busy, TicketingError } from './errors.ts'
import type { Runtime } from './runtime.ts'

/**
 * Group commit: all items added in one turn travel as one call per key. Reply *i* answers item *i*; a failed call fails just
 * the items it carried. At most `limit` items a call (256) and `backlog` waiting items (10 000); more is `BUSY`.
 */
export function createBatch<Item, Reply>(p: {
  readonly runtime: Pick<Runtime, 'defer'>
  readonly run: (key: string, items: readonly Item[]) => Promise<readonly Reply[]>
  readonly limit?: number
  readonly backlog?: number
}): (key: string, item: Item) => Promise<Reply> {
  type Waiting = { item: Item; resolve: (reply: Reply) => void; reject: (error: unknown) => void }
  const limit = p.limit ?? 256
  const backlog = p.backlog ?? 10_000
  const lines = new Map<string, Waiting[]>()
  let waiting = 0

  const flush = (key: string): void => {
    const line = lines.get(key)
    lines.delete(key)
    for (let at = 0; line && at < line.length; at += limit) void send(key, line.slice(at, at + limit))
  }

  const send = async (key: string, batch: readonly Waiting[]): Promise<void> => {
    try {
      const replies = await p.run(
        key,
        batch.map((entry) => entry.item),
      )
      if (replies.length !== batch.length) {
        throw new TicketingError('STORE_FAULT', `${batch.length} operations were answered by ${replies.length} replies`)
      }
      for (const [i, entry] of batch.entries()) entry.resolve(replies[i] as Reply)
    } catch (error) {
      for (const entry of batch) entry.reject(error)
    } finally {
      waiting -= batch.length
    }
  }

  return (key, item) =>
    new Promise<Reply>((resolve, reject) => {
      if (waiting >= backlog) return reject(busy(`more than ${backlog} operations are waiting`))
      waiting++
      const line = lines.get(key)
      if (line) return void line.push({ item, resolve, reject })
      lines.set(key, [{ item, resolve, reject }])
      p.runtime.defer(() => flush(key))
    })
}
