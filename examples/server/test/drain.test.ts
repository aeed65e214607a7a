import { expect, test } from 'vitest'
import { createClient } from './harness.ts'
import { start } from './process.test-support.ts'

const limit = { timeout: 60_000 }

test('SIGTERM under load: /readyz says so, streams end, whoever was let in is answered, exit 0', limit, async () => {
  const server = start({ REQUESTS_PER_SECOND_PER_ADDRESS: '0' })
  const address = await server.listening()
  const visitor = createClient(address)
  await visitor.post('/queue', { scheduleId: 'game-1' })
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const stream = await fetch(`${address}/seats/events`, { headers: { cookie } })
  const ended = stream.text()

  let draining = false
  let answered = 0
  const failures: string[] = []
  const drained: { status: number; retryAfter: string | null; body: unknown }[] = []
  /** Buys until the balancer in front of it would look elsewhere. */
  const shop = async (): Promise<void> => {
    while (!draining) {
      const fan = createClient(address)
      for (const [path, body] of [
        ['/queue', { scheduleId: 'game-1' }],
        ['/seats/auto-assign', { quantity: 2 }],
      ] as const) {
        const status = await fan.post(path, body).then(
          (answer) => answer.status,
          (error: Error) => `${error.message}: ${String(error.cause)}`,
        )
        answered++
        if (typeof status === 'string' || status >= 500) failures.push(`${path} ${status}`)
      }
    }
  }
  const look = async (): Promise<void> => {
    while (!draining) {
      const { status, headers, body } = await createClient(address).get('/readyz')
      draining = status !== 200
      if (draining) drained.push({ status, retryAfter: headers.get('retry-after'), body })
    }
  }
  const load = Promise.all([...Array.from({ length: 8 }, shop), look()])
  while (answered < 50) await new Promise((resolve) => setImmediate(resolve))
  server.child.kill('SIGTERM')
  await load
  const late = await fetch(`${address}/seats/events`, { headers: { cookie } }).catch(() => null)

  expect(drained).toMatchObject([{ status: 503, body: { draining: true, dependencies: { record: 'up' } } }])
  expect(drained[0]?.retryAfter).not.toBeNull()
  expect(failures).toEqual([])
  expect(late === null || late.status === 503).toBe(true)
  expect(await ended).toContain('retry:')
  expect(await server.exit).toBe(0)
})
