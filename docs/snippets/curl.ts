import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** Runs the shell lines of a page against a server started as the page says; what they print. */
export async function buyWithCurl(page: string): Promise<string> {
  const script = /```sh\n([\s\S]*?)```/.exec(page)?.[1]
  if (script === undefined) throw new Error('the page has no shell lines')
  const port = await freePort()
  const server = spawn(
    process.execPath,
    ['--conditions=@b-ticketing/source', join(root, 'examples/server/src/main.ts')],
    { env: { ...process.env, PORT: String(port), NODE_ENV: 'development' }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    await listening(server)
    const here = { cwd: mkdtempSync(join(tmpdir(), 'b-ticketing-')) }
    const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', script.replaceAll(':3000', `:${port}`)], here)
    return stdout
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
}

async function listening(server: ChildProcess): Promise<void> {
  for await (const chunk of server.stdout ?? []) if (String(chunk).includes('listening')) return
  throw new Error('the server did not start')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
