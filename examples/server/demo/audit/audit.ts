import { honestLine, lineBalances, passesOnly, sameAnswer, seenIsKept, wellAnswered } from './crowd.ts'
import type { Check, Evidence, Finding } from './evidence.ts'
import { byTheTable, published } from './history.ts'
import { oneMailEach } from './mail.ts'
import { booksBalance, neverTwice, nothingLost, paidIsBooked, venuePrices } from './money.ts'
import { sameInRedis, shownInRedis } from './redis.ts'
import { everythingFreed, oneOwner, ownersOnly, seatsAddUp } from './seats.ts'

const checks: readonly Check[] = [
  oneOwner,
  paidIsBooked,
  everythingFreed,
  neverTwice,
  nothingLost,
  byTheTable,
  ownersOnly,
  honestLine,
  passesOnly,
  published,
  oneMailEach,
  venuePrices,
  seatsAddUp,
  sameAnswer,
  seenIsKept,
  lineBalances,
  booksBalance,
  wellAnswered,
]

/** Invariants that a healthy sale cannot show. */
const elsewhere =
  'I8, I16 and I18 show when locks, processes and stores fail: npm test, npm run simulate and npm run chaos try them.'

export function audit(evidence: Evidence): readonly Finding[] {
  const { redis } = evidence
  const all = redis === null ? checks : [...checks, sameInRedis(redis), shownInRedis(redis)]
  return all.map((check) => check(evidence))
}

export const passed = (findings: readonly Finding[]): boolean =>
  findings.every(({ offenders }) => offenders.length === 0)

const shownOffenders = 3

/** One line a promise, the first offenders below those that are broken, and the sum of it all. */
export function reportLines(findings: readonly Finding[]): readonly string[] {
  const lines = findings.flatMap(({ id, promise, count, offenders }) => {
    const verdict = offenders.length === 0 ? 'ok    ' : 'FAILED'
    const line = `  ${verdict}  ${id.padEnd(5)} ${whole(count).padStart(13)}  ${promise}`
    if (offenders.length === 0) return [line]
    const shown = offenders.slice(0, shownOffenders).map((offender) => `            ${offender}`)
    return [`${line}: ${whole(offenders.length)} broken`, ...shown]
  })
  return [...lines, `  ${elsewhere}`, '', summary(findings)]
}

const whole = (value: number): string => value.toLocaleString('en')

function summary(findings: readonly Finding[]): string {
  const broken = (...ids: readonly string[]): number =>
    findings.filter(({ id }) => ids.includes(id)).reduce((sum, { offenders }) => sum + offenders.length, 0)
  const oversold = broken('I1', 'I14')
  const lost = broken('I2', 'I5', 'I17')
  const books = broken('I4', 'I13', 'W16', 'books') === 0 ? 'books balance' : 'books DO NOT balance'
  const others = passed(findings) ? '' : ` — ${findings.filter((f) => f.offenders.length > 0).length} promises BROKEN`
  return `${whole(oversold)} oversold, ${whole(lost)} lost, ${books}${others}`
}
