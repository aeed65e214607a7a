import type { ServerResponse } from 'node:http'
import { sendEvents } from './event-stream.ts'
import type { Reply } from './route.ts'

const json = 'application/json; charset=utf-8'

/** Writes an answer. The connection is given up while the server drains. */
export async function send(p: {
  res: ServerResponse
  reply: Reply
  base: Readonly<Record<string, string>>
  head: boolean
  stop: AbortSignal
  heartbeatMs: number
}): Promise<void> {
  const { res, reply } = p
  const headers: Record<string, string | number | readonly string[]> = { ...p.base, 'cache-control': 'no-store' }
  if (p.stop.aborted) headers.connection = 'close'
  if (reply.cookies && reply.cookies.length > 0) headers['set-cookie'] = reply.cookies
  if (reply.events) {
    Object.assign(headers, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }, reply.headers)
    res.writeHead(reply.status, headers as Record<string, string>)
    if (p.head) return void res.end()
    return sendEvents({ res, events: reply.events, stop: p.stop, heartbeatMs: p.heartbeatMs })
  }
  const bytes = reply.content ? reply.content.bytes : reply.body === undefined ? null : JSON.stringify(reply.body)
  if (bytes !== null) {
    headers['content-type'] = reply.content?.type ?? json
    headers['content-length'] = Buffer.byteLength(bytes)
  }
  Object.assign(headers, reply.headers)
  res.writeHead(reply.status, headers as Record<string, string>)
  if (bytes === null || p.head) res.end()
  else res.end(bytes)
}
