import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { sendEvents } from '../src/http/event-stream.ts'
import { until } from './harness.ts'

test('a reader with more than 64 kB unsent is let go', async () => {
  let sent = 0
  let over = false
  const server = createServer((_req, res) => {
    res.writeHead(200)
    async function* flood() {
      for (; sent < 100_000; sent++) {
        yield { event: 'seats', data: 'x'.repeat(1_000) }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    void sendEvents({ res, events: flood, stop: new AbortController().signal, heartbeatMs: 60_000 }).then(() => {
      over = true
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'))
  socket.on('error', () => {})
  socket.pause()
  await until(async () => over, Boolean)
  expect(sent).toBeLessThan(100_000)
  socket.destroy()
  server.close()
})
