import { get, type IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { admitted, type Client, startServer, until } from './harness.ts'

interface Stream {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  text(): string
  events(): readonly { readonly event: string; readonly id: string | undefined; readonly data: unknown }[]
  readonly ended: Promise<void>
  close(): void
  pause(): void
}

function listen(url: string, path: string, visitor: Client, headers: Record<string, string> = {}): Promise<Stream> {
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return new Promise((resolve, reject) => {
    const req = get(`${url}${path}`, { headers: { cookie, accept: 'text/event-stream', ...headers } }, (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        text += chunk
      })
      resolve({
        status: res.statusCode,
        headers: res.headers,
        text: () => text,
        events: () => parse(text),
        ended: new Promise((done) => res.once('close', done)),
        close: () => req.destroy(),
        pause: () => res.pause(),
      })
    })
    req.once('error', reject)
  })
}

function parse(text: string) {
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]))
    const event = fields.get('event')
    if (event === undefined) return []
    return [{ event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') as unknown }]
  })
}

describe('GET /queue/events', () => {
  test('tells the place as it changes, and ends after admitted with the pass', async () => {
    await using server = await startServer({
      sale: { capacity: 1, groupSize: 1, ratePerMinute: null },
      heartbeatMs: 30,
    })
    const [first, second] = [server.visitor(), server.visitor()]
    await first.post('/queue', { scheduleId: 'game-1' })
    await second.post('/queue', { scheduleId: 'game-1' })
    const stream = await listen(server.url, '/queue/events?scheduleId=game-1', second)
    expect(stream.headers['content-type']).toBe('text/event-stream')
    await until(
      async () => stream.events(),
      (events) => events.length > 0,
    )
    expect(stream.events()[0]).toMatchObject({ event: 'status', data: { state: 'waiting', number: 2 } })
    await until(
      async () => stream.text(),
      (text) => text.includes(': still here'),
    )
    await first.delete('/queue?scheduleId=game-1')
    await stream.ended
    expect(stream.events().at(-1)).toMatchObject({
      event: 'status',
      data: { state: 'admitted', pass: expect.any(String), redirectUrl: '/seats/sections' },
    })
    const status = await second.get('/queue/status?scheduleId=game-1')
    expect(status.body.state).toBe('admitted')
    expect(second.cookies.has('bt_pass_game-1')).toBe(true)
  })

  test('without a ticket it is 401 TICKET_INVALID, not a stream', async () => {
    await using server = await startServer()
    const answer = await server.visitor().get('/queue/events?scheduleId=game-1')
    expect([answer.status, answer.body.code]).toEqual([401, 'TICKET_INVALID'])
  })
})

describe('GET /seats/events', () => {
  test('tells changes from the version the map has', async () => {
    await using server = await startServer()
    const [watcher, buyer] = [await admitted(server), await admitted(server)]
    const { body: map } = await watcher.get('/seats/map')
    expect(map).toMatchObject({ encoding: '2bit-base64', sections: { A: expect.any(String) } })
    const stream = await listen(server.url, '/seats/events', watcher, { 'last-event-id': String(map.version) })
    await buyer.post('/seats/select', { seatIds: ['A-1-1'] })
    const [event] = await until(
      async () => stream.events().filter(({ event }) => event === 'seats'),
      (events) => events.length > 0,
    )
    expect(event?.data).toMatchObject({ changes: [['A', 0, 1]] })
    const { version } = event!.data as { version: number }
    expect(event?.id).toBe(String(version))
    const delta = await watcher.get(`/seats/map?since=${map.version}`)
    expect(delta.body.changes).toEqual([['A', 0, 1]])
    stream.close()
  })

  test('there are only so many streams: then 503 with Retry-After', async () => {
    await using server = await startServer({ maxStreams: 1 })
    const visitor = await admitted(server)
    const stream = await listen(server.url, '/seats/events', visitor)
    const refused = await visitor.get('/seats/events')
    expect([refused.status, refused.body.code]).toEqual([503, 'BUSY'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    stream.close()
    const again = await until(
      () => listen(server.url, '/seats/events', visitor),
      ({ status }) => status === 200,
    )
    again.close()
  })

  test('streams end when the server drains', async () => {
    const server = await startServer()
    const stream = await listen(server.url, '/seats/events', await admitted(server))
    const closing = server[Symbol.asyncDispose]()
    await stream.ended
    await closing
  })
})
