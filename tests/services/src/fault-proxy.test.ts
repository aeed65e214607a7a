import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'

// An upper-case echo, and a client that keeps what it hears.
const heard: string[] = []
const sockets: Socket[] = []
const served: Socket[] = []
const server = createServer((socket) => {
  served.push(socket)
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      heard.push(String(chunk))
      socket.write(String(chunk).toUpperCase())
    })
})
let proxy: FaultProxy
let client: Socket & { seen: string }

async function dial(): Promise<typeof client> {
  const socket = Object.assign(connect(proxy.port, '127.0.0.1'), { seen: '' })
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      socket.seen += chunk
    })
  await once(socket, 'connect')
  sockets.push(socket)
  return socket
}

beforeEach(async () => {
  heard.length = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = await createFaultProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  client = await dial()
})

afterEach(async () => {
  await proxy.close()
  for (const socket of [...sockets.splice(0), ...served.splice(0)]) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('passes what it is given', async () => {
  client.write('a')
  await expect.poll(() => client.seen).toBe('A')
})

test('delay: it takes that long there and back', async () => {
  proxy.delay(200)
  const start = performance.now()
  client.write('a')
  await expect.poll(() => client.seen, { interval: 5 }).toBe('A')
  expect(performance.now() - start).toBeGreaterThan(190)
})

test('dropReplies: the request arrives, the reply does not', async () => {
  proxy.dropReplies(true)
  client.write('a')
  await expect.poll(() => heard).toEqual(['a'])
  proxy.dropReplies(false)
  client.write('b')
  await expect.poll(() => client.seen).toBe('B')
})

test('loseNextReply: one reply is lost, and its connection', async () => {
  const lost = proxy.loseNextReply()
  client.write('a')
  await lost
  await expect.poll(() => client.closed).toBe(true)
  expect([heard, client.seen]).toEqual([['a'], ''])
  client = await dial()
  client.write('b')
  await expect.poll(() => client.seen).toBe('B')
})

test('blackHole: nothing arrives, nobody is told, and what was swallowed stays so', async () => {
  await expect.poll(() => served.length).toBe(1)
  proxy.blackHole(true)
  client.write('a')
  await sleep(50)
  served[0]?.destroy()
  await sleep(50)
  expect([heard, client.seen, client.closed]).toEqual([[], '', false])
  proxy.blackHole(false)
  client.write('b')
  await sleep(50)
  expect([client.seen, client.closed]).toEqual(['', false])
  const other = await dial()
  other.write('c')
  await expect.poll(() => other.seen).toBe('C')
})

test('cut: every connection is reset, new ones work', async () => {
  proxy.cut()
  await expect.poll(() => client.closed).toBe(true)
  const other = await dial()
  other.write('c')
  await expect.poll(() => other.seen).toBe('C')
})
