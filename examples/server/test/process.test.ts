import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { freePort } from '@b-ticketing/services'
import { describe, expect, test } from 'vitest'
import { createClient, settled, until } from './harness.ts'
import { gatewayFile, start } from './process.test-support.ts'

describe('the process', { timeout: 60_000 }, () => {
  test('starts from an empty environment with the ballpark on sale, drains on SIGTERM and exits 0', async () => {
    const server = start({})
    const address = await server.listening()
    const client = createClient(address)
    expect((await client.get('/schedules')).body.schedules).toMatchObject([{ scheduleId: 'game-1', saleState: 'open' }])
    expect((await client.get('/readyz')).status).toBe(200)
    const { body } = await client.post('/queue', { scheduleId: 'game-1' })
    expect(body.state).toBe('admitted')
    const hold = await client.post('/seats/auto-assign', { quantity: 4, together: 'adjacent' })
    expect(hold.status).toBe(201)
    const stream = await fetch(`${address}/seats/events`, {
      headers: { cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    expect(stream.status).toBe(200)
    const ended = stream.text()
    const since = Date.now()
    server.child.kill('SIGTERM')
    expect(await server.exit).toBe(0)
    expect(Date.now() - since).toBeLessThan(8_000)
    expect(await ended).toContain('retry:')
  })

  test('a request that is under way when SIGTERM comes is answered', async () => {
    const server = start({})
    const { port } = new URL(await server.listening())
    const socket = connect(Number(port), '127.0.0.1')
    const body = JSON.stringify({ scheduleId: 'game-1' })
    const head = ['POST /queue HTTP/1.1', 'host: x', 'content-type: application/json', `content-length: ${body.length}`]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    server.child.kill('SIGTERM')
    await until(
      async () => server.output(),
      (output) => output.includes('shutting down'),
    )
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.write(body.slice(5))
    expect(await server.exit).toBe(0)
    expect(answer).toMatch(/^HTTP\/1\.1 201 /)
    expect(answer.toLowerCase()).toContain('connection: close')
  })

  test('the gateway in a process of its own: charged over HTTP, told by webhook', async () => {
    const [port, gatewayPort] = [await freePort(), await freePort()]
    const WEBHOOK_SECRET = `whsec_${Buffer.from('0123456789abcdefghijklmnop').toString('base64')}`
    const url = `http://127.0.0.1:${port}`
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
    const webhooks = { WEBHOOK_SECRET, WEBHOOK_URL: `${url}/webhooks/payments` }
    const gateway = start({ PORT: String(gatewayPort), ...webhooks }, gatewayFile)
    const server = start({ PORT: String(port), GATEWAY_URL: gatewayUrl, WEBHOOK_SECRET })
    await server.listening()
    await until(
      async () => gateway.output(),
      (output) => output.includes('sandbox gateway'),
    )
    const client = createClient(url)
    await client.post('/queue', { scheduleId: 'game-1' })
    const { body: hold } = await client.post('/seats/auto-assign', { quantity: 2 })
    const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', paymentToken: 'tok_approve' }
    const { body } = await client.post('/payments', order, { 'idempotency-key': 'k' })
    await settled(client, body.requestId)
    expect((await client.get(`/payments/${body.requestId}/status`)).body.status).toBe('COMPLETED')
    const ledger = await createClient(gatewayUrl).get('/ledger')
    expect(ledger.body.entries).toMatchObject([{ type: 'charge', requestId: body.requestId, amount: hold.amount }])
    expect((await client.get('/dev/ledger')).status).toBe(404)
    for (const one of [server, gateway]) {
      one.child.kill('SIGTERM')
      expect(await one.exit).toBe(0)
    }
  })

  test.each([
    ['a file that is not there', '/nowhere.json'],
    ['a file that is no venue', fileURLToPath(new URL('../package.json', import.meta.url))],
  ])('VENUE_FILE=%s is one clear message', async (_, file) => {
    const server = start({ VENUE_FILE: file })
    expect(await server.exit).toBe(1)
    expect(server.output()).toContain('VENUE_FILE')
    expect(server.output()).not.toContain('    at ')
  })

  test('a port that is taken: what to do, and no stack', async () => {
    const first = start({})
    const { port } = new URL(await first.listening())
    const second = start({ PORT: port })
    expect(await second.exit).toBe(1)
    expect(second.output()).toContain('EADDRINUSE')
    expect(second.output()).toContain('PORT=4000 npm start')
    expect(second.output()).not.toContain('    at ')
  })

  test('wrong settings: every problem in one list, exit 1, no stack', async () => {
    const server = start({ PORT: 'x', MYSQL_URL: 'mysql://db/x', ADMIN_TOKEN: 'short', VENUE_FILE: '/nowhere.json' })
    expect(await server.exit).toBe(1)
    for (const name of ['PORT', 'MYSQL_URL', 'ADMIN_TOKEN', 'VENUE_FILE']) expect(server.output()).toContain(name)
    expect(server.output()).not.toContain('    at ')
  })
})
