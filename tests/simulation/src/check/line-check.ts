import type { AdmissionQueue, LineDocument } from '@b-ticketing/core/ports'
import type { Journal } from '../journal.ts'
import type { Ears } from '../tap.ts'
import type { Witness } from '../witness.ts'
import type { SettingsWatch } from './settings-watch.ts'

/** What was seen of one epoch of the line. */
interface EpochBook {
  /** Who was given a number; the latest number of each visitor. */
  readonly visitors: Map<number, string>
  readonly numbers: Map<string, number>
  /** Numbers given up or superseded: they admit nobody any more. */
  readonly over: Set<number>
  readonly passes: Map<number, number>
  /** Instants at which somebody was admitted, one entry a head. */
  readonly admissions: number[]
  last: LineDocument | null
  /** The store lost data and its line has not answered since. */
  blind: boolean
  /** Some of the epoch was lost: what only the store's memory could prevent may happen. */
  scarred: boolean
}

/** No pass of these sales lives longer, its claim window included. */
const longestPassMs = 120_000

/** The line as an outsider keeps its books: from the calls and answers of the store alone. */
export interface LineCheck {
  readonly ears: Ears<AdmissionQueue>
  lost(): void
}

export function createLineCheck(p: {
  readonly now: () => number
  readonly inForce: SettingsWatch
  readonly witness: Witness
  readonly journal: Journal
}): LineCheck {
  const { now, inForce, witness, journal } = p
  const books = new Map<string, EpochBook>()

  const bookOf = (epoch: string): EpochBook => {
    const known = books.get(epoch)
    if (known) return known
    const book: EpochBook = {
      visitors: new Map(),
      numbers: new Map(),
      over: new Set(),
      passes: new Map(),
      admissions: [],
      last: null,
      blind: false,
      scarred: false,
    }
    books.set(epoch, book)
    return book
  }

  /** W6: any rolling minute within the rate in force, which at its tightest is a document's. */
  const admitted = (book: EpochBook, heads: number, document: LineDocument | null): void => {
    for (let i = 0; i < heads; i++) book.admissions.push(now())
    while (book.admissions[0] !== undefined && book.admissions[0] <= now() - 60_000) book.admissions.shift()
    if (heads === 0) return
    const rate = Math.min(document?.ratePerMinute ?? Number.POSITIVE_INFINITY, inForce.rate())
    witness.check(
      'W6',
      book.admissions.length <= rate,
      () => `${book.admissions.length} admitted within a minute at a rate of ${rate}`,
    )
  }

  /** After a loss the store can only guess who had a slot: then its own counts are all that binds it. */
  const livePasses = (book: EpochBook): number =>
    book.scarred ? 0 : [...book.passes.values()].filter((until) => until > now()).length

  const holdsCapacity = (document: LineDocument, busy: number, what: string): void => {
    const capacity = Math.min(document.capacity ?? Number.POSITIVE_INFINITY, inForce.capacity(0))
    witness.check('I9', busy <= capacity, () => `${what}: ${busy} offered or active at a capacity of ${capacity}`)
  }

  const read = (document: LineDocument): void => {
    const book = bookOf(document.epoch)
    const { counts, epoch, admittedThrough, tail } = document
    const parts = [
      counts.waiting,
      counts.offered,
      counts.active,
      counts.lapsed,
      counts.late,
      counts.done,
      counts.expired,
      counts.left,
    ]
    const sum = parts.reduce((total, part) => total + part, 0)
    witness.check(
      'W16',
      counts.joined === sum && parts.every((part) => part >= 0),
      () => `${counts.joined} joined, ${sum} accounted for in ${epoch}: ${parts.join(' ')}`,
    )
    witness.check('W6', admittedThrough <= tail, () => `admitted through ${admittedThrough} of ${tail}`)
    witness.check(
      'W18',
      tail <= document.ceiling || document.draw === null,
      () => `tail ${tail} is over the ceiling ${document.ceiling}`,
    )
    const { last } = book
    if (last && !book.blind) {
      witness.check(
        'I9',
        admittedThrough >= last.admittedThrough,
        () => `the line went back from ${last.admittedThrough} to ${admittedThrough}`,
      )
      witness.check(
        'W15',
        document.version >= last.version,
        () => `document version fell from ${last.version} to ${document.version}`,
      )
      const same = document.version === last.version
      witness.check(
        'W15',
        !same || (last.tail === tail && last.admittedThrough === admittedThrough),
        () => `one document version, two contents`,
      )
      if (counts.lapsed > last.counts.lapsed) journal.met('lapse')
      if (counts.late > last.counts.late) journal.met('late')
      if (counts.late < last.counts.late) journal.met('grace return')
      if (counts.expired > last.counts.expired) journal.met('place expired')
    }
    book.last = document
    book.blind = false
  }

  const ticked = (document: LineDocument): void => {
    const book = bookOf(document.epoch)
    const before = book.last
    const sighted = before !== null && !book.blind
    read(document)
    if (!sighted) return
    const { offered, active } = document.counts
    if (book.scarred) {
      // Numbers that come back with a pass move the line on as well: only what is offered is admitted by it.
      if (offered > before.counts.offered) holdsCapacity(document, offered + active, 'the line moved')
      return
    }
    const gone = new Set(document.left)
    let heads = 0
    for (let n = before.admittedThrough + 1; n <= document.admittedThrough; n++)
      if (!gone.has(n) && !book.over.has(n)) heads++
    if (heads > 0) holdsCapacity(document, Math.max(offered + active, livePasses(book) + heads), 'the line moved')
    admitted(book, heads, document)
  }

  const issued = (book: EpochBook, number: number, visitor: string): void => {
    const owner = book.visitors.get(number)
    witness.check(
      'W1',
      owner === undefined || owner === visitor,
      () => `number ${number} of ${owner} was given to ${visitor}`,
    )
    const highest = Math.max(0, ...book.visitors.keys())
    witness.check('W2', number > highest, () => `new number ${number} after ${highest}`)
    const older = book.numbers.get(visitor)
    if (older !== undefined) book.over.add(older)
    book.visitors.set(number, visitor)
    book.numbers.set(visitor, number)
  }

  const ears: Ears<AdmissionQueue> = {
    join: ({ epoch, joins }, replies) => {
      if (replies === 'RECOVER') return
      const book = bookOf(epoch)
      for (const [i, reply] of replies.entries()) {
        const join = joins[i]
        if (!join || (reply.is !== 'number' && reply.is !== 'admitted')) continue
        const { number, created } = reply
        if (created) issued(book, number, join.visitor)
        else {
          const owner = book.visitors.get(number)
          witness.check(
            'W1',
            owner === undefined || owner === join.visitor,
            () => `number ${number} of ${owner} was repeated to ${join.visitor}`,
          )
        }
        if (reply.is === 'admitted' && created) direct(book, number, reply.until)
      }
    },
    tick: (_q, reply) => {
      if (reply !== 'RECOVER') ticked(reply)
    },
    configure: ({ recover }, reply) => {
      if (reply === 'RECOVER') return
      read(reply)
      if (recover) journal.met('recovery')
    },
    claim: ({ epoch, mode, places }, replies) => {
      if (replies === 'RECOVER') return
      const book = bookOf(epoch)
      for (const [i, reply] of replies.entries()) {
        const place = places[i]
        if (!place || reply.is !== 'active') continue
        const { number } = place
        const owner = book.visitors.get(number)
        witness.check(
          'I10',
          owner === undefined || owner === place.visitor,
          () => `${place.visitor} used number ${number} of ${owner}`,
        )
        witness.check(
          'I9',
          book.scarred || !book.over.has(number),
          () => `number ${number} is over and was let in again (${mode})`,
        )
        const through = book.last?.admittedThrough ?? 0
        witness.check(
          'I9',
          book.blind || mode === 'check' || number <= through,
          () => `number ${number} overtook: the line is at ${through}`,
        )
        const until = book.passes.get(number)
        if (mode === 'claim' && until !== undefined)
          witness.check('W13', until === reply.until || book.scarred, () => `a second claim of ${number} moved its end`)
        book.passes.set(number, reply.until)
        const capacity = inForce.capacity(longestPassMs)
        const live = livePasses(book)
        witness.check('I9', live <= capacity, () => `${live} passes at a capacity of ${capacity}`)
      }
    },
    leave: ({ epoch, places }, replies) => {
      if (replies === 'RECOVER') return
      const book = bookOf(epoch)
      for (const [i, ended] of replies.entries()) {
        const place = places[i]
        if (!place || !ended) continue
        journal.met('left')
        const number = place.place
          ? 'number' in place.place
            ? place.place.number
            : null
          : (book.numbers.get(place.visitor) ?? null)
        if (number === null) continue
        book.over.add(number)
        book.passes.delete(number)
      }
    },
  }

  /** Direct admission passes nobody who still waits, and takes a free slot. */
  const direct = (book: EpochBook, number: number, until: number): void => {
    journal.met('direct admission')
    book.passes.set(number, until)
    const { last } = book
    if (!last || book.blind) return
    const waiting = [...book.visitors.keys()].filter((n) => n > last.admittedThrough && n < number && !book.over.has(n))
    witness.check('I9', book.scarred || waiting.length === 0, () => `number ${number} overtook ${waiting.join(' ')}`)
    holdsCapacity(last, livePasses(book), `number ${number} went straight through`)
    admitted(book, 1, last)
    book.last = { ...last, admittedThrough: number, tail: Math.max(last.tail, number), version: last.version }
  }

  return {
    ears,
    lost: () => {
      for (const book of books.values()) {
        book.blind = true
        book.scarred = true
      }
    },
  }
}
