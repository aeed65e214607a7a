import { ownRedis } from '@b-ticketing/services'
import { afterAll, describe, expect, test } from 'vitest'
import { createClient } from './harness.ts'
import { buy, serverEnv, start, stop } from './process.test-support.ts'

const redis = await ownRedis()
afterAll(() => redis?.close())
const env = serverEnv({ REDIS_URL: redis?.url ?? '' })

describe.skipIf(redis === null)('with Redis alone, one process after the other', { timeout: 60_000 }, () => {
  test('one that was killed is waited for; its line is over, its seats are free', async () => {
    const first = start(env)
    const client = createClient(await first.listening())
    await buy(client)
    const before = await client.post('/queue', { scheduleId: 'game-1' })
    first.child.kill('SIGKILL')
    await first.exit
    const second = start(env)
    const url = await second.listening()
    expect(second.output()).toContain('its lease is waited for')
    const old = createClient(url)
    for (const [name, value] of client.cookies) old.cookies.set(name, value)
    const status = await old.get('/queue/status?scheduleId=game-1')
    expect([status.status, status.body.code]).toEqual([410, 'EPOCH_OVER'])
    expect((await old.get('/seats/sections')).body.code).toBe('PASS_EXPIRED')
    const again = await old.post('/queue', { scheduleId: 'game-1' })
    expect(again.status).toBe(201)
    expect(again.body.number).not.toBe(before.body.queueTicket)
    const { body } = await old.get('/seats/sections')
    const sections: readonly { capacity: number; available: number }[] = body.sections
    expect(sections.filter(({ capacity, available }) => available < capacity)).toEqual([])
    await stop(second)
  })

  test('one that slept through its lease ends, and says why', async () => {
    const first = start(env)
    await first.listening()
    first.child.kill('SIGSTOP')
    const second = start(env)
    const client = createClient(await second.listening())
    first.child.kill('SIGCONT')
    expect(await first.exit).toBe(1)
    expect(first.output()).toContain('the server stops: another process keeps the record')
    // What the sleeper did to the line before it knew is a loss like any other: the line is recovered.
    expect((await buy(client)).payment.status).toBe('COMPLETED')
    await stop(second)
  })
})
