import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { answerArguments, help } from '../src/command-line.ts'

test('without arguments the server serves', () => {
  expect(answerArguments([])).toBeNull()
})

test('--help names every setting', () => {
  const source = ['settings', 'environment'].map((name) =>
    readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8'),
  )
  const names = new Set(source.join('').match(/(?<=(?:text|integer|url)\('|env\.)[A-Z_]{4,}/g))
  expect(names.size).toBeGreaterThan(15)
  for (const name of names) expect(help).toContain(name)
})

const run = (...args: string[]) => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  return spawnSync(process.execPath, ['--conditions=@b-ticketing/source', main, ...args], { encoding: 'utf8' })
}

test('an argument is refused in one line that says where settings come from', () => {
  const { status, stdout, stderr } = run('--port', '4000')
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^error: npm start takes no arguments.*'--port 4000'.*PORT=4000 npm start.*\n$/)
})

test('--help is printed, and nothing is started', () => {
  expect(run('--help')).toMatchObject({ status: 0, stdout: `${help}\n`, stderr: '' })
})
