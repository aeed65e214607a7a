import { expect, test } from 'vitest'
import { readFlags } from './flags.ts'

const flags = { seeds: { least: 1, most: 100 }, exit: 'switch' } as const
const read = (...args: string[]) => readFlags({ command: 'npm run it', args, flags })
const rows = (...args: string[]) =>
  readFlags({ command: 'npm run it', args, flags: {}, words: { name: 'row', known: ['join', 'poll'] } })

test('numbers, switches and words are read', () => {
  expect(read()).toEqual({ is: 'read', values: {}, words: [] })
  expect(read('--seeds', '7', '--exit')).toEqual({ is: 'read', values: { seeds: 7, exit: true }, words: [] })
  expect(read('--seeds=7')).toMatchObject({ values: { seeds: 7 } })
  expect(rows('poll', 'join')).toMatchObject({ is: 'read', words: ['poll', 'join'] })
})

test.each([[['--help']], [['-h']], [['--seeds', '7', '--help']]])('%j asks for help', (args) => {
  expect(read(...args)).toEqual({ is: 'help' })
})

test.each([
  [['--bogus'], "there is no flag '--bogus'"],
  [['--bogus', '3'], "there is no flag '--bogus'"],
  [['-x'], "there is no flag '-x'"],
  [['--seeds'], '--seeds needs a whole number'],
  [['--seeds', 'abc'], "--seeds must be a whole number from 1 to 100, not 'abc'"],
  [['--seeds', ''], "not ''"],
  [['--seeds', '-1'], '--seeds needs a whole number'],
  [['--seeds=-1'], "not '-1'"],
  [['--seeds', '1e1'], "not '1e1'"],
  [['--seeds', '101'], "not '101'"],
  [['--seeds', '1', '--seeds', '2'], '--seeds is given twice'],
  [['--exit=no'], '--exit'],
  [['now'], "'now' is no flag"],
  [['--', '--seeds'], "'--seeds' is no flag"],
])('%j is wrong, told in one line that names the flags', (args, says) => {
  const answer = read(...args)
  const problem = answer.is === 'wrong' ? answer.problem : ''
  expect(problem).toContain(says)
  expect(problem).toMatch(/; npm run it takes --seeds N · --exit · --help$/)
  expect(problem).not.toContain('\n')
})

test('a word that is not known: the known ones are named', () => {
  const problem = "there is no row 'nonsense'; npm run it takes any row of join, poll · --help"
  expect(rows('join', 'nonsense')).toEqual({ is: 'wrong', problem })
})
