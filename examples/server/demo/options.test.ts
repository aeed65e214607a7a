import { expect, test } from 'vitest'
import { demoOptions } from './options.ts'

test('defaults', () => {
  expect(demoOptions([], {})).toEqual({
    is: 'read',
    options: {
      fans: 11_000,
      seed: 1,
      rate: 1_500,
      exit: false,
      redis: false,
      services: false,
      port: 0,
      venueFile: null,
    },
  })
})

test('everything given', () => {
  const args = ['--fans', '500', '--seed=7', '--rate', '100', '--exit', '--services']
  expect(demoOptions(args, { PORT: '3000', VENUE_FILE: 'park.json' })).toEqual({
    is: 'read',
    options: {
      fans: 500,
      seed: 7,
      rate: 100,
      exit: true,
      redis: false,
      services: true,
      port: 3_000,
      venueFile: 'park.json',
    },
  })
})

test.each([
  [['--fans', '0'], '--fans must be a whole number from 1 to 200000'],
  [['--fans', '1e9'], '--fans must be a whole number'],
  [['--fans', '2.5'], '--fans must be a whole number'],
  [['--fans=-3'], '--fans must be a whole number'],
  [['--fans', ''], '--fans must be a whole number'],
  [['--seed', 'x'], '--seed must be a whole number'],
  [['--rate', 'NaN'], '--rate must be a whole number'],
  [['--rate'], '--rate needs a whole number'],
  [['--fas', '3'], "'--fas'"],
  [['now'], "'now'"],
])('%j is refused in one line', (args, says) => {
  const read = demoOptions(args, {})
  const problem = read.is === 'wrong' ? read.problem : ''
  expect(problem).toContain(says)
  expect(problem).toContain('npm run demo takes --fans N')
  expect(problem).not.toContain('\n')
})

test('a port that is none', () => {
  expect(demoOptions([], { PORT: '70000' })).toMatchObject({ is: 'wrong' })
})

test('two demos at once', () => {
  expect(demoOptions(['--redis', '--services'], {})).toMatchObject({
    is: 'wrong',
    problem: expect.stringContaining('choose one'),
  })
})

test('help', () => {
  expect(demoOptions(['--help'], {})).toEqual({ is: 'help' })
})
