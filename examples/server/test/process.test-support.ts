import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect } from 'vitest'
import { type Answer, adminToken, type Client, newKey, settled, until } from './harness.ts'

/** A program of the server in a process of its own; killed when its test is over. */
export interface TestProcess {
  readonly child: ChildProcess
  /** Resolves to the exit code. */
  readonly exit: Promise<number>
  /** What it has printed so far. */
  output(): string
  /** Resolves to its address once it listens. @throws Error with the output when it ends before */
  listening(): Promise<string>
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
export const gatewayFile = fileURLToPath(new URL('../src/gateway/main.ts', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

export function start(env: Readonly<Record<string, string>>, file = main): TestProcess {
  const one = startLasting(env, file)
  children.push(one.child)
  return one
}

/** One that lives longer than a test; whoever started it stops it. */
export function startLasting(env: Readonly<Record<string, string>>, file = main): TestProcess {
  const child = spawn(process.execPath, ['--conditions=@b-ticketing/source', file], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'exit').then(([code]) => code as number)
  const address = (): string | undefined => /(?:"address":"|sandbox gateway on )(http[^"\s]+)/.exec(output)?.[1]
  return {
    child,
    exit,
    output: () => output,
    listening: async () => {
      await until(
        async () => output,
        () => address() !== undefined || child.exitCode !== null,
        40_000,
      )
      return address() ?? Promise.reject(new Error(output))
    },
  }
}

/** A server that shares a store with others: secrets outlive its process, so that a new one reads the tickets of the old one. */
export const serverEnv = (services: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...services,
  TOKEN_SECRETS: 'a:key-material-of-some-forty-characters-0123',
  WEBHOOK_SECRET: `whsec_${Buffer.from('0123456789abcdefghijklmnop').toString('base64')}`,
  ADMIN_TOKEN: adminToken,
  REQUESTS_PER_SECOND_PER_ADDRESS: '0',
})

/** By SIGTERM, as an operator does. */
export async function stop({ child, exit }: TestProcess): Promise<void> {
  child.kill('SIGTERM')
  expect(await exit).toBe(0)
}

/** Into the house, however long it is busy with itself. */
export async function enter(client: Client): Promise<void> {
  await until(
    () => client.post('/queue', { scheduleId: 'game-1' }),
    ({ status }) => status < 300,
    30_000,
  )
  // A line that was just recovered knows no pace yet: it may ask for 17 s between two polls.
  await until(
    () => client.get('/queue/status?scheduleId=game-1'),
    ({ body }) => body.state === 'admitted',
    80_000,
  )
}

/** The body of what is answered once nobody is BUSY with a map that is being read back: a client asks again, and so does this. */
async function given(wanted: number, ask: () => Promise<Answer>) {
  const { status, body } = await until(ask, (answer) => answer.status !== 503, 30_000)
  expect([status, body]).toEqual([wanted, expect.anything()])
  return body
}

/** From the street to a seat that is paid for. */
export async function buy(client: Client) {
  await enter(client)
  const hold = await given(201, () => client.post('/seats/auto-assign', { quantity: 2 }))
  const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', paymentToken: 'tok_approve' }
  const key = newKey()
  const body = await given(202, () => client.post('/payments', order, key))
  const { body: payment } = await settled(client, body.requestId)
  return { hold, payment }
}
