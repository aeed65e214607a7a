import type { ServerResponse } from 'node:http'
import type { ServerEvent } from './route.ts'

/** A reader that is further behind than this is let go; it comes back with `Last-Event-ID`. */
const maxUnsentBytes = 64 * 1024

/** Writes events until they end, the reader goes away or falls behind, or `stop` aborts. Never throws. */
export async function sendEvents(p: {
  res: ServerResponse
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>
  stop: AbortSignal
  heartbeatMs: number
}): Promise<void> {
  const { res } = p
  const gone = new AbortController()
  const end = () => gone.abort()
  const write = (text: string): void => {
    if (res.destroyed) return
    res.write(text)
    if (res.writableLength > maxUnsentBytes) res.destroy()
  }
  const heartbeat = setInterval(write, p.heartbeatMs, ': still here\n\n')
  res.once('close', end)
  p.stop.addEventListener('abort', end, { once: true })
  try {
    write('retry: 2000\n\n')
    for await (const event of p.events(gone.signal)) {
      if (gone.signal.aborted) break
      write(format(event))
    }
  } catch {
    // The head is sent, so a fault can only end the stream: the reader asks again and is told by a status.
  } finally {
    clearInterval(heartbeat)
    p.stop.removeEventListener('abort', end)
    end()
    res.end()
  }
}

const format = ({ event, id, data }: ServerEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
