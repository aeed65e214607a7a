import { expect, test } from 'vitest'
import { closingLine, countTests } from './tally.ts'

const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

test('passed tests are counted as vitest counts them', () => {
  expect(closingLine(countTests(report, 0))).toBe('3 passed, 0 failed')
})

test('skipped and todo tests are told only when there are any', () => {
  expect(closingLine(countTests({ ...report, numPendingTests: 1, numTodoTests: 1 }, 0))).toBe(
    '3 passed, 0 failed, 2 skipped',
  )
})

test('a file that did not load is a failure', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }]
  expect(countTests({ ...report, testResults }, 1).failed).toBe(1)
})

test('an error outside of every test is a failure', () => {
  expect(countTests(report, 1).failed).toBe(1)
})

test('a run without a report is a failure', () => {
  expect(closingLine(countTests(null, 1))).toBe('0 passed, 1 failed')
})
