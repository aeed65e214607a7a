import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Two sections of 10 rows with 12 seats each, an aisle in the middle. */
const venue = {
  id: 'small-park',
  name: 'Small park',
  currency: 'KRW',
  grades: [
    { id: 'red', price: 17_000 },
    { id: 'green', price: 9_000 },
  ],
  sections: ['red', 'green'].map((grade) => ({
    id: grade.toUpperCase(),
    grade,
    rows: Array.from({ length: 10 }, (_, row) => ({
      label: `${row + 1}`,
      seats: [
        [1, 6],
        [7, 12],
      ],
    })),
  })),
}

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** `stop`: the signal to send once its output contains `at`. */
function demo(
  args: readonly string[],
  p: { env?: Readonly<Record<string, string>>; stop?: { at: string; signal: NodeJS.Signals } } = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=@b-ticketing/source', main, ...args], {
      env: { PATH: process.env.PATH, ...p.env },
    })
    let [out, err, stopped] = ['', '', false]
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (p.stop === undefined || stopped || !out.includes(p.stop.at)) return
      stopped = true
      child.kill(p.stop.signal)
    })
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

function venueFile(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'demo-')), 'venue.json')
  writeFileSync(file, JSON.stringify(venue))
  return file
}

const limit = { timeout: 120_000 }

describe.concurrent('the demo, in processes of its own', () => {
  test('a small ballpark is sold out, audited and closed', limit, async () => {
    const { code, out, err } = await demo(['--fans', '200', '--rate', '200', '--exit'], {
      env: { VENUE_FILE: venueFile() },
    })
    expect(err).toBe('')
    expect(out).toContain('Small park: 240 seats')
    expect(out).toContain('hold 5 s, pass 30 s, claim window 4 s')
    expect(out).toMatch(/sold out, after .* fans with 240 seats/)
    for (const id of [
      'I1',
      'I2',
      'I3',
      'I4',
      'I5',
      'I6',
      'I7',
      'I9',
      'I10',
      'I11',
      'I12',
      'I13',
      'I14',
      'I15',
      'I17',
      'W16',
    ]) {
      expect(out).toMatch(new RegExp(`ok +${id} +[\\d,]+ `))
    }
    expect(out).not.toContain('FAILED')
    expect(out.trimEnd()).toMatch(/0 oversold, 0 lost, books balance$/)
    expect(code).toBe(0)
  })

  test('the same on a real Redis, which the audit reads as well', limit, async () => {
    const { code, out, err } = await demo(['--fans', '200', '--rate', '200', '--exit', '--redis'], {
      env: { VENUE_FILE: venueFile() },
    })
    if (err.includes('SKIPPED: Redis')) return void console.warn(err)
    expect(out).toContain('the record in the server')
    expect(out).toMatch(/ok +S3 +240 /)
    expect(out).toMatch(/ok +S4 +240 /)
    expect(out).not.toContain('FAILED')
    expect(out).toMatch(/0 oversold, 0 lost, books balance\nRedis at the end: [\d,]+ keys/)
    expect(code).toBe(0)
  })

  test('a crowd too small for the seats ends all the same, and its books balance', limit, async () => {
    const { code, out } = await demo(['--fans', '5', '--seed', '3', '--exit'], { env: { VENUE_FILE: venueFile() } })
    expect(out).toContain('not sold out')
    expect(out).toContain('0 oversold, 0 lost, books balance')
    expect(code).toBe(0)
  })

  test('without --exit it serves on, with a fresh sale to try, until it is stopped', limit, async () => {
    const stop = { at: 'Ctrl-C ends the server', signal: 'SIGINT' } as const
    const { code, out } = await demo(['--fans', '3'], { env: { VENUE_FILE: venueFile() }, stop })
    expect(out).toMatch(/http:\/\/127\.0\.0\.1:\d+\/booking\/game-2/)
    expect(code).toBe(130)
  })

  test('it can be stopped in the middle', limit, async () => {
    const stop = { at: 'sold 0/', signal: 'SIGINT' } as const
    const { code, out } = await demo(['--fans', '2000', '--exit'], { env: { VENUE_FILE: venueFile() }, stop })
    expect(code).toBe(130)
    expect(out).not.toContain('audit')
  })

  test('what is wrong with the command, the venue or the port is said in one line', limit, async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const [option, venue, occupied] = await Promise.all([
      demo(['--fans', 'many']),
      demo(['--exit'], { env: { VENUE_FILE: '/there/is/no.json' } }),
      demo(['--exit'], { env: { VENUE_FILE: venueFile(), PORT: String(port) } }),
    ])
    taken.close()
    expect(option).toMatchObject({ code: 2, out: '' })
    expect(option.err).toMatch(/^error: --fans must be .*\n$/)
    expect(venue.code).toBe(1)
    expect(venue.err.trim()).toMatch(/^demo: the server could not open: .*no\.json'?$/)
    expect(occupied.code).toBe(1)
    expect(occupied.err.trim()).toMatch(/^demo: the server could not open: .*EADDRINUSE/)
  })
})

test('the demo on a real Redis, MySQL and Kafka, by six processes, ends with a clean audit', {
  timeout: 300_000,
}, async () => {
  const { code, out, err } = await demo(['--fans', '120', '--rate', '100', '--exit', '--services'], {
    env: { VENUE_FILE: venueFile() },
  })
  if (err.includes('SKIPPED: ')) return void console.warn(err)
  expect(err).not.toMatch(/^(demo|error): /m)
  expect(out).toMatch(/sold on http\S+ and http\S+ \(Redis, (MySQL|MariaDB) and Kafka/)
  for (const id of ['I1', 'I2', 'I4', 'I5', 'I7', 'I9', 'I11', 'I12', 'I14', 'I15', 'I17', 'W16', 'S3', 'S4']) {
    expect(out).toMatch(new RegExp(`ok +${id} +[\\d,]+ `))
  }
  expect(out).not.toContain('FAILED')
  expect(code).toBe(0)
})
