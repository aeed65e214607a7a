import type { SeatCounts } from './audit/evidence.ts'
import type { CrowdBooks } from './crowd-books.ts'

/** One look at the sale. */
export interface Snapshot {
  readonly seconds: number
  /** Answers a second: since the look before, and since the beginning. */
  readonly requestsPerSecond: { readonly now: number; readonly average: number }
  readonly mails: number
  readonly seats: SeatCounts
  readonly line: {
    readonly joined: number
    readonly waiting: number
    readonly offered: number
    readonly active: number
    readonly currentGroup: number
  }
  readonly crowd: Pick<CrowdBooks, 'arrived' | 'paid' | 'paying' | 'failed' | 'turnedAway' | 'gone' | 'askedToWait'>
}

/** What the words of the progress mean, said once before it begins. */
export const legend: readonly string[] = [
  'waiting: in line · group: the newest one that may enter · active: inside, with a pass · offered: may enter, not yet here',
  'holds: seats kept for somebody who chooses or pays · paid, failed: fans after their payment · gone: gave up by themselves',
  'turned away: found nothing that was left · asked to wait: answers 429 and 503, tried again · mails: confirmations sent',
]

/** Where the progress goes: a block that is drawn over itself on a terminal, a plain line now and then elsewhere. */
export interface Display {
  show(snapshot: Snapshot): void
  /** Ends the block: what is printed next stands below it. */
  end(): void
}

const plainEverySeconds = 5

export function createDisplay(out: {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}): Display {
  let height = 0
  let saidAt = Number.NEGATIVE_INFINITY
  if (!out.isTTY) {
    return {
      show(snapshot) {
        if (snapshot.seconds - saidAt < plainEverySeconds) return
        saidAt = snapshot.seconds
        out.write(`${plainLine(snapshot)}\n`)
      },
      end: () => {},
    }
  }
  return {
    show(snapshot) {
      const lines = block(snapshot, Math.max(40, (out.columns ?? 80) - 1))
      const up = height > 0 ? `\x1b[${height}A` : ''
      out.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`)
      height = lines.length
    },
    end: () => {
      height = 0
    },
  }
}

const n = (value: number): string => Math.round(value).toLocaleString('en')
const clock = (seconds: number): string =>
  `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

/** Cut to `width`, so that the terminal never breaks a line and the block keeps its height. */
export function block(s: Snapshot, width: number): readonly string[] {
  const { seats, line, crowd } = s
  const share = seats.capacity === 0 ? 0 : seats.completed / seats.capacity
  const head = ` ${clock(s.seconds)}  sold ${n(seats.completed)} of ${n(seats.capacity)}  `
  const room = Math.max(10, Math.min(40, width - head.length - 8))
  const full = Math.floor(share * room)
  return [
    `${head}${'█'.repeat(full)}${'░'.repeat(room - full)} ${String(Math.floor(share * 100)).padStart(3)} %`,
    ` line    waiting ${n(line.waiting)} · group ${n(line.currentGroup)} · active ${n(line.active)} · offered ${n(line.offered)} · gone ${n(crowd.gone)}`,
    ` seats   available ${n(seats.available)} · holds ${n(seats.reserved)} · sold ${n(seats.completed)}`,
    ` money   paying ${n(crowd.paying)} · paid ${n(crowd.paid)} · failed ${n(crowd.failed)} · turned away ${n(crowd.turnedAway)} · mails ${n(s.mails)}`,
    ` load    ${load(s)} · asked to wait ${n(crowd.askedToWait)}`,
  ].map((text) => text.slice(0, width))
}

const load = ({ requestsPerSecond: { now, average } }: Snapshot): string =>
  `${n(now)} req/s now, ${n(average)} on average`

const plainLine = (snapshot: Snapshot): string => {
  const { seconds, seats, line, crowd, mails } = snapshot
  return [
    `${clock(seconds)} sold ${n(seats.completed)}/${n(seats.capacity)}`,
    `waiting ${n(line.waiting)}`,
    `group ${n(line.currentGroup)}`,
    `active ${n(line.active)}`,
    `holds ${n(seats.reserved)}`,
    `paid ${n(crowd.paid)}`,
    `failed ${n(crowd.failed)}`,
    `mails ${n(mails)}`,
    load(snapshot),
  ].join(', ')
}
