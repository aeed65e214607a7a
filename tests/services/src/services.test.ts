import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ownRedis, sharedRedis } from './index.ts'

const shared = await sharedRedis()

const probe = (env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL('./probe.test-support.ts', import.meta.url)), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

async function outcome(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk) => (said.out += chunk))
  child.stderr?.on('data', (chunk) => (said.err += chunk))
  const [code] = await once(child, 'close')
  return { code, ...said }
}

/** What a program of its own sees: nothing of this run. */
const alone = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  DOCKER_HOST: process.env.DOCKER_HOST,
  HOME: process.env.HOME,
  XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
  ...more,
})

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('close', () => socket.destroy())
  })

describe.skipIf(shared === null)('services of a run', { timeout: 60_000 }, () => {
  test('every file and every child process gets the same', async () => {
    expect(await sharedRedis()).toEqual(shared)
    const { code, out } = await outcome(probe(process.env))
    expect([code, JSON.parse(out)]).toEqual([0, shared])
    expect(await listens(Number(shared!.url.split(':').at(-1)))).toBe(true)
  })

  test('addresses in the environment are taken as they are', async () => {
    const given = alone({
      TEST_REDIS_URL: 'redis://elsewhere:1',
      TEST_MYSQL_URL: 'mysql://me:p%40ss@elsewhere',
      TEST_KAFKA_BROKERS: 'one:1,two:2',
    })
    const ask = async (kind: string) => JSON.parse((await outcome(probe(given, kind))).out)
    expect(await Promise.all(['redis', 'mysql', 'kafka'].map(ask))).toMatchObject([
      { kind: 'single', url: 'redis://elsewhere:1', from: 'environment' },
      { kind: 'mysql', host: 'elsewhere', port: 3306, user: 'me', password: 'p@ss', from: 'environment' },
      { brokers: ['one:1', 'two:2'], from: 'environment' },
    ])
  })

  test('a program of its own has a server of its own, which ends with it', async () => {
    const { out } = await outcome(probe(alone()))
    const { url } = JSON.parse(out)
    expect(url).not.toBe(shared!.url)
    await expect.poll(() => listens(Number(url.split(':').at(-1)))).toBe(false)
  })

  test('kill -9 of a run ends its servers too, and only them', async () => {
    const child = probe(alone(), 'own')
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const ports: number[] = JSON.parse((await lines.next()).value ?? '')
    expect(await Promise.all(ports.map(listens))).toEqual([true, true, true])
    child.kill('SIGKILL')
    // Containers are given ten seconds.
    for (const port of ports) await expect.poll(() => listens(port), { timeout: 40_000 }).toBe(false)
    await expect.poll(() => existsSync(join(tmpdir(), 'b-ticketing-services', String(child.pid)))).toBe(false)
    expect(await listens(Number(shared!.url.split(':').at(-1)))).toBe(true)
  })

  test('servers of one’s own: killed, started empty or with what was saved', async () => {
    const redis = await ownRedis()
    const server = redis!.servers[0]!
    await server.cli('set', 'a', '1')
    await server.cli('save')
    await server.kill()
    await expect(server.cli('ping')).rejects.toThrow()
    await server.start({ keepData: true })
    expect(await server.cli('get', 'a')).toBe('1\n')
    await server.kill()
    await server.start()
    expect(await server.cli('dbsize')).toBe('0\n')
    await redis!.close()
    await expect.poll(() => listens(server.port)).toBe(false)
  })
})

describe('when there is no way to a Redis', { timeout: 60_000 }, () => {
  const nowhere = { PATH: '/nowhere', TEST_DOCKER: '0' }

  test('it is said by name, and whoever needs it is skipped', async () => {
    const { code, out, err } = await outcome(probe(alone(nowhere)))
    expect([code, JSON.parse(out)]).toEqual([0, null])
    expect(err).toMatch(/^SKIPPED: Redis \(single\) could not be started: ./m)
  })

  test('REQUIRE_SERVICES=1 makes it a failure', async () => {
    const { code, err } = await outcome(probe(alone({ ...nowhere, REQUIRE_SERVICES: '1' })))
    expect(code).not.toBe(0)
    expect(err).toMatch(/Redis \(single\) could not be started: ./)
  })
})
