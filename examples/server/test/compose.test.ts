import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@b-ticketing/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, pay, settled, until } from './harness.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
// One project per checkout: what a killed run has left is taken down by the next one.
const project = `b-ticketing-test-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`
const folder = mkdtempSync(join(tmpdir(), 'b-ticketing-compose-'))
const envFile = join(folder, '.env')

/** Without the secrets that whoever runs this may have. */
const { TOKEN_SECRETS, WEBHOOK_SECRET, ADMIN_TOKEN, MYSQL_PASSWORD, MYSQL_ROOT_PASSWORD, ...surroundings } = process.env
const argv = ['compose', '--project-directory', root, '--file', join(root, 'compose.yaml'), '--project-name', project]

async function compose(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const options = { env: { ...surroundings, ...env }, maxBuffer: 2 ** 28 }
  const { stdout } = await promisify(execFile)('docker', [...argv, '--env-file', envFile, ...args], options)
  return stdout
}

const answers = (...args: readonly string[]): boolean => spawnSync('docker', args, { timeout: 20_000 }).status === 0
const canRun = process.env.TEST_DOCKER !== '0' && answers('compose', 'version') && answers('version')
if (!canRun) console.warn('SKIPPED: D1 (compose.yaml) needs a Docker that answers, with `docker compose`')

/** What the head of compose.yaml says to run once. */
function makeSecrets(): void {
  const line = readFileSync(join(root, 'compose.yaml'), 'utf8').match(/^# {3}(r\(\).*> [.]env\))$/m)?.[1]
  execFileSync('sh', ['-c', line ?? 'exit 1'], { cwd: folder })
}

describe.skipIf(!canRun)('D1: the whole system starts with Docker Compose', () => {
  const ports: Record<string, string> = {}
  let page: ReturnType<typeof createClient>
  let mails: ReturnType<typeof createClient>

  beforeAll(async () => {
    for (const name of ['PAGE_PORT', 'MAIL_PORT']) ports[name] = String(await freePort())
    page = createClient(`http://127.0.0.1:${ports.PAGE_PORT}`)
    mails = createClient(`http://127.0.0.1:${ports.MAIL_PORT}`)
    makeSecrets()
    await compose(ports, 'down', '--volumes', '--remove-orphans')
    await compose(ports, 'build', '--quiet')
    await compose(ports, 'up', '--detach', '--wait', '--wait-timeout', '420').catch(async (cause) => {
      throw new Error(await compose(ports, 'logs', '--tail', '20'), { cause })
    })
  }, 1_200_000)

  afterAll(async () => {
    await compose(ports, 'down', '--volumes', '--remove-orphans', '--timeout', '5')
    rmSync(folder, { recursive: true })
  }, 120_000)

  test('without secrets it says what is missing', () => {
    const { status, stderr } = spawnSync('docker', [...argv, '--env-file', '/dev/null', 'up', '--wait'], {
      env: surroundings,
      encoding: 'utf8',
    })
    expect(status).not.toBe(0)
    expect(stderr).toMatch(/required variable \w+ is missing a value: make [.]env first/)
  })

  test('two servers, the workers and every service are healthy; only the page and the mails are shown, to this machine', async () => {
    const lines = (await compose(ports, 'ps', '--format', '{{.Service}} {{.Health}}')).trim().split('\n')
    expect(lines.toSorted()).toEqual(
      ['gateway', 'kafka', 'mail', 'mysql', 'notification', 'payment', 'proxy', 'redis', 'server', 'server'].map(
        (name) => `${name} healthy`,
      ),
    )
    const shown = await compose(
      ports,
      'ps',
      '--format',
      '{{range .Publishers}}{{if .PublishedPort}}{{.URL}} {{end}}{{end}}',
    )
    expect(shown.split(/\s+/).filter(Boolean)).toEqual(['127.0.0.1', '127.0.0.1'])
  })

  test('the page answers, a seat is bought, the mail comes', async () => {
    const html = await page.get('/booking/game-1')
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const joined = await page.post('/queue', { scheduleId: 'game-1' })
    expect(joined.status).toBe(201)
    if (joined.body.state !== 'admitted') {
      const status = () => page.get('/queue/status?scheduleId=game-1')
      await until(status, ({ body }) => body.state === 'admitted', 60_000)
    }
    const { requestId } = await pay(page, ['211-1-22'])
    const payment = await settled(page, requestId, 60_000)
    expect(payment.body).toMatchObject({ status: 'COMPLETED', amount: { value: 22_000, currency: 'KRW' } })
    const inbox = () => mails.get('/api/v1/messages')
    const { body } = await until(inbox, ({ body }) => body.messages.length > 0, 60_000)
    expect(body.messages).toHaveLength(1)
    const { Text } = (await mails.get(`/api/v1/message/${body.messages[0].ID}`)).body
    expect(Text).toContain(`ReservationId=${payment.body.reservationId}, 금액=22000`)
  }, 200_000)
})
