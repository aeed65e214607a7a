import { Agent, createServer, type IncomingMessage, request as open, type Server, type ServerResponse } from 'node:http'

/** Where one of the servers listens. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** A machine that is gone says nothing at all. */
const connectMs = 1_000

/** Between two neighbours only, never passed on (RFC 9110, 7.6.1). */
const hopHeaders = ['connection', 'keep-alive', 'proxy-authorization', 'te', 'trailer', 'upgrade']

/**
 * A reverse proxy that gives requests to each target in turn. One that cannot be reached is left out of that request; bodies and
 * event streams pass as they come, and an end on either side is an end on the other.
 */
export function createProxy(targets: () => Promise<readonly Target[]>): Server {
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  return createServer({ noDelay: true }, async (request, response) => {
    const found = await targets().catch(() => [])
    const first = turn++ % Math.max(1, found.length)
    pass(request, response, agent, [...found.slice(first), ...found.slice(0, first)])
  }).on('close', () => agent.destroy())
}

function pass(request: IncomingMessage, response: ServerResponse, agent: Agent, targets: readonly Target[]): void {
  const [target, ...others] = targets
  if (target === undefined) return refuse(response)
  let connected = false
  const { method, url: path } = request
  const onward = open({ ...target, agent, method, path, headers: forwarded(request) })
  const send = () => {
    connected = true
    request.pipe(onward)
  }
  onward.on('socket', (socket) => {
    if (!socket.connecting) return send()
    const late = setTimeout(() => onward.destroy(new Error('it takes no connection')), connectMs)
    socket.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late))
    socket.once('connect', send)
  })
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, without(answer.headers, hopHeaders))
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => {
    // Nothing of the request has been sent: another may have it.
    if (!connected) pass(request, response, agent, others)
    else if (response.headersSent) response.destroy()
    else refuse(response)
  })
  response.on('close', () => onward.destroy())
}

function forwarded(request: IncomingMessage): IncomingMessage['headers'] {
  const before = request.headers['x-forwarded-for']
  const peer = request.socket.remoteAddress ?? 'unknown'
  return {
    ...without(request.headers, hopHeaders),
    'x-forwarded-for': before === undefined ? peer : `${before}, ${peer}`,
    'x-forwarded-proto': request.headers['x-forwarded-proto'] ?? 'http',
  }
}

const without = (headers: IncomingMessage['headers'], names: readonly string[]): IncomingMessage['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))

function refuse(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return
  const problem = { type: 'about:blank', title: 'Bad Gateway', status: 502, detail: 'no server answers' }
  response.writeHead(502, { 'content-type': 'application/problem+json', 'retry-after': '2' })
  response.end(JSON.stringify(problem))
}
