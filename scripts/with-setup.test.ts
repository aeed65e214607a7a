import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './run.ts'

/** Started as a user does; resolves once the server listens. */
async function startServer(file: string, ...args: readonly string[]) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const child = spawn(file, args, { cwd: root, env: { ...env, PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  // The pipes close when the last process that holds them has ended: npm, its shell, the setup and the server.
  const allEnded = once(child, 'close').then(() => output)
  const listening = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes('"listening"')) resolve()
      })
  })
  await Promise.race([listening, allEnded])
  expect(output).toContain('"listening"')
  return { child, allEnded }
}

const setup = join(root, 'scripts/with-setup.mjs')

// SIGINT to npm alone is not here: its shell keeps that to itself. Ctrl-C in a terminal reaches every process by itself.
describe.runIf(process.platform !== 'win32')(
  'a server that was started at the root',
  { timeout: 60_000, concurrent: true },
  () => {
    test.each([
      ['SIGTERM to npm', 'SIGTERM', 'npm', 'start'],
      ['SIGTERM to with-setup', 'SIGTERM', 'node', setup, 'start'],
      ['SIGINT to with-setup', 'SIGINT', 'node', setup, 'start'],
      ['SIGKILL to with-setup', 'SIGKILL', 'node', setup, 'start'],
    ] as const)('%s ends it gracefully', async (_, signal, file, ...args) => {
      const { child, allEnded } = await startServer(file, ...args)
      child.kill(signal)
      const output = await allEnded
      expect(output.match(/"msg":"shutting down"/g)).toHaveLength(1)
      expect(output).not.toMatch(/second signal|killed by timeout|"level":50/i)
    })
  },
)
