import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@b-ticketing/core'
import { createScriptedGateway, type ScriptedGateway } from '@b-ticketing/core/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SandboxGateway } from '../src/gateway/client.ts'
import { sandboxServer } from '../src/gateway/sandbox.ts'

let books: ScriptedGateway
let server: ReturnType<typeof sandboxServer>
let url: string
let gateway: SandboxGateway
beforeAll(async () => {
  books = createScriptedGateway({ runtime: systemRuntime })
  server = sandboxServer(books).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  gateway = new SandboxGateway(url)
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const amount = { value: 17_000, currency: 'KRW' }
const charge = (key: string, paymentToken: string, signal = AbortSignal.timeout(5_000)) =>
  gateway.charge({ key, requestId: key, amount, paymentToken, signal })

describe('the sandbox gateway over HTTP', () => {
  test('approves once per key, and its ledger shows one charge', async () => {
    expect(await charge('k1', 'tok_approve')).toEqual({ is: 'succeeded', amount })
    expect(await charge('k1', 'tok_approve')).toEqual({ is: 'succeeded', amount })
    expect(await gateway.find({ key: 'k1' })).toEqual({ is: 'succeeded', amount })
    const ledger = await (await fetch(`${url}/ledger`)).json()
    expect(ledger).toEqual({
      entries: [
        { at: expect.stringMatching(/Z$/), type: 'charge', key: 'k1', requestId: 'k1', amount, status: 'succeeded' },
      ],
    })
  })

  test('declines with a reason', async () => {
    expect(await charge('k2', 'tok_decline')).toEqual({ is: 'declined', reason: expect.any(String) })
  })

  test('a lost answer is unknown, and the charge is found by its key', async () => {
    expect(await charge('k3', 'tok_charged_then_timeout', AbortSignal.timeout(100))).toEqual({ is: 'unknown' })
    expect(await gateway.find({ key: 'k3' })).toEqual({ is: 'succeeded', amount })
    expect(await gateway.find({ key: 'never' })).toEqual({ is: 'not-found' })
  })

  test('cancel of an unknown key makes a later charge fail; of a captured one it is too late', async () => {
    expect(await gateway.cancel({ key: 'k4', requestId: 'k4' })).toBe('cancelled')
    expect(await charge('k4', 'tok_approve')).toMatchObject({ is: 'declined' })
    expect(await gateway.cancel({ key: 'k1', requestId: 'k1' })).toBe('captured')
  })

  test('refunds never exceed the charge', async () => {
    const order = { chargeKey: 'k1', requestId: 'k1', amount }
    expect(await gateway.refund({ key: 'r1', ...order })).toEqual({ is: 'succeeded', amount })
    expect(await gateway.refund({ key: 'r2', ...order })).toMatchObject({ is: 'declined' })
  })

  test('a gateway that is away says nothing: unknown, never a throw', async () => {
    const away = new SandboxGateway('http://127.0.0.1:9')
    const signal = AbortSignal.timeout(1_000)
    expect(await away.find({ key: 'k1' })).toEqual({ is: 'unknown' })
    expect(await away.cancel({ key: 'k1', requestId: 'k1' })).toBe('unknown')
    const order = { key: 'k1', requestId: 'k1', amount, paymentToken: 'tok_approve', signal }
    expect(await away.charge(order)).toEqual({ is: 'unknown' })
  })

  test('its own bad input is refused, never a crash', async () => {
    const post = (path: string, body: string) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    for (const [path, body, status] of [
      ['/charges', '{}', 422],
      ['/charges', '{', 400],
      ['/charges', '[]', 422],
      ['/nowhere', '{}', 404],
      [
        '/refunds',
        JSON.stringify({ key: 'a', chargeKey: 'b', requestId: 'c', amount: { value: -1, currency: 'KRW' } }),
        422,
      ],
    ] as const) {
      expect([path, body, (await post(path, body)).status]).toEqual([path, body, status])
    }
    expect((await fetch(`${url}/charges/..%2f`)).status).toBe(422)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })
})
