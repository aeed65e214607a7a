import { expect, test } from 'vitest'
import { reportLines } from './report.ts'
import { storm } from './storm.ts'

test('I1–I18: 64 buyers at 4 processes, while services and processes are killed and frozen', {
  timeout: 300_000,
}, async ({ skip }) => {
  const report = await storm({ seed: 3, seconds: 15 })
  if (report === null) return skip('Redis, MySQL and Kafka are needed')
  console.log(reportLines(report).join('\n'))
  expect(report.wrongs).toEqual([])
  expect(report.rows.length).toBeGreaterThan(2)
  expect(report.paid).toBeGreaterThan(10)
})
