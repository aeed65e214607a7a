import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
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
  ...more,
})

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('close', () => socket.destroy())
  })

describe.skipIf(shared === null)('one Redis for a run', () => {
  test('every file and every child process gets the same', async () => {
    expect(await sharedRedis()).toEqual(shared)
    const { code, out } = await outcome(probe(process.env))
    expect([code, JSON.parse(out)]).toEqual([0, shared])
    expect(await listens(Number(shared!.url.split(':').at(-1)))).toBe(true)
  })

  test('an address in the environment is taken as it is', async () => {
    const { out } = await outcome(probe(alone({ TEST_REDIS_URL: 'redis://elsewhere:1' })))
    expect(JSON.parse(out)).toEqual({ kind: 'single', url: 'redis://elsewhere:1', from: 'environment' })
  })

  test('a program of its own has a server of its own, which ends with it', async () => {
    const { out } = await outcome(probe(alone()))
    const { url } = JSON.parse(out)
    expect(url).not.toBe(shared!.url)
    await expect.poll(() => listens(Number(url.split(':').at(-1)))).toBe(false)
  })

  test('what a killed run has left is ended by the next one, and only that', async () => {
    const child = probe(alone(), 'own')
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const { port } = JSON.parse((await lines.next()).value ?? '')
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await listens(port)).toBe(true)
    await outcome(probe(alone()))
    await expect.poll(() => listens(port)).toBe(false)
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

describe('when there is no way to a Redis', () => {
  const nowhere = { PATH: '/nowhere', DOCKER_HOST: 'tcp://127.0.0.1:1' }

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
