import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeRedis, testSpace } from './redis.test-support.ts'
import { createScriptRunner, loadScript, type Script } from './script.ts'

const folder = join(import.meta.dirname, 'scripts')
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.lua') ? [file.slice(0, -4)] : []))

test.each(names)('%s.lua is a verb and a noun, and its header names its keys, arguments and reply', (name) => {
  expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/)
  const header = /^(#!lua.*\n)?(--.*\n)+/.exec(loadScript(name).text)?.[0]
  for (const part of ['-- KEYS', '-- ARGV', '-- reply']) expect(header).toContain(part)
})

test('what a script includes stands in its text, once', () => {
  const { text } = loadScript('acquire-lease')
  expect(text).not.toMatch(/^-- include/m)
  expect(text.match(/function store_run/g)).toHaveLength(1)
})

test('a script that does not exist is told when it is loaded', () => {
  expect(() => loadScript('sell-everything')).toThrow(/ENOENT/)
})

test('the text travels only when the server does not know the hash', async () => {
  const sent: string[] = []
  const script: Script = { name: 'x', text: 'return 1', sha: 'abc' }
  const { run } = createScriptRunner({
    clock: { now: () => 7 },
    connection: {
      command: (work) =>
        work(async (command, args) => {
          sent.push([command, ...args].join(' '))
          if (command === 'evalsha' && sent.length === 1) throw new Error('NOSCRIPT No matching script.')
          return 1
        }),
    },
  })
  await run(script, { keys: ['k'], args: ['a'] })
  await run(script, { keys: ['k'], args: ['b'] })
  expect(sent).toEqual(['evalsha abc 1 k 7 a', 'eval return 1 1 k 7 a', 'evalsha abc 1 k 7 b'])
})

await describeRedis('script runner', (redis) => {
  const store = loadScript('lib/store')
  const evaluate = (body: string): Script => {
    const text = `${store.text}\n${body}`
    return { ...store, text, sha: 'f'.repeat(40) }
  }

  test('the clock is the injected one, or else the server’s own', async () => {
    const { scripts, realTime, now, keys } = testSpace(redis)
    const script = evaluate('return digits(store_now())')
    const call = { keys: [keys.lock('a')] }
    expect(await scripts.run(script, call)).toBe(String(now()))
    expect(Math.abs(Number(await realTime.run(script, call)) - Date.now())).toBeLessThan(1_000)
    expect(
      Math.abs(Number(await scripts.run(evaluate('return store_micros()'), call)) / 1_000 - Date.now()),
    ).toBeLessThan(1_000)
  })

  test('store_run is the server’s replication id', async () => {
    const { scripts, keys } = testSpace(redis)
    expect(await scripts.run(evaluate('return store_run()'), { keys: [keys.lock('a')] })).toMatch(/^[0-9a-f]{40}$/)
  })

  test('digits writes large integers in full', async () => {
    const { scripts, keys } = testSpace(redis)
    const script = evaluate('return digits(tonumber(ARGV[2]))')
    for (const number of ['0', '100000000000000', '1800000000000001', '9007199254740991']) {
      expect(await scripts.run(script, { keys: [keys.lock('a')], args: [number] })).toBe(number)
    }
  })

  test('binary replies are Buffers, binary arguments arrive as they are', async () => {
    const { scripts, keys } = testSpace(redis)
    const bytes = Buffer.from([0, 255, 128, 10, 13])
    const reply = await scripts.runBinary(evaluate('return { ARGV[2], 1 }'), { keys: [keys.lock('a')], args: [bytes] })
    expect(reply).toEqual([bytes, 1])
  })
})
