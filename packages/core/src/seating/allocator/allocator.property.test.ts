import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SeatCode, setCode } from '../occupancy.ts'
import { type AllocationRequest, type AllocationResult, allocationPolicies } from './allocation.ts'
import { type Candidate, candidates, largestFit } from './allocation-oracle.test-support.ts'
import { createAllocator } from './allocator.ts'
import { allocateOn, type DrawnMap, type DrawnSection, drawMap } from './map-drawing.test-support.ts'

const line = (marks: string, length: number) =>
  fc.array(fc.constantFrom(...marks), { minLength: 1, maxLength: length }).map((row) => row.join(''))

const common = '......xxxx|'
const all = '....xxx|#ob112acv'

const section: fc.Arbitrary<DrawnSection> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ rows: fc.array(line(common, 8), { minLength: 1, maxLength: 4 }) }) },
  { weight: 6, arbitrary: fc.record({ rows: fc.array(line(all, 7), { minLength: 1, maxLength: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('ga' as const),
      rows: fc.array(line('.xx', 8), { minLength: 1, maxLength: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('elastic' as const),
      rows: fc.array(line('.xxxa1', 4), { minLength: 0, maxLength: 2 }),
      maxCapacity: fc.integer({ min: 8, max: 10 }),
      grade: fc.constantFrom('g0', 'g1'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('table' as const),
      soldWhole: fc.boolean(),
      rows: fc.array(line('......x|a12#o', 4), { minLength: 1, maxLength: 3 }),
    }),
  },
)

const free = (map: DrawnMap): number =>
  map.states.reduce((sum, { count, codes }) => {
    let open = 0
    for (let seat = 0; seat < count; seat++) if (((codes[seat >> 2]! >> ((seat & 3) * 2)) & 3) === 0) open++
    return sum + open
  }, 0)

const map = fc
  .array(section, { minLength: 1, maxLength: 3 })
  .map((drawn) => drawMap(Object.fromEntries(drawn.map((of, i) => ['PQR'[i]!, of]))))
  .filter((drawn) => free(drawn) <= (drawn.sections.some(({ kind }) => kind === 'table') ? 8 : 11))

const parts = fc
  .uniqueArray(fc.record({ grade: fc.constantFrom('g0', 'g1', 'g2'), quantity: fc.integer({ min: 1, max: 2 }) }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ grade }) => grade,
  })
  .filter((list) => list.reduce((sum, { quantity }) => sum + quantity, 0) <= 5)

const rare = <T>(arbitrary: fc.Arbitrary<T>, weight = 1) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight, arbitrary })

const request: fc.Arbitrary<AllocationRequest> = fc
  .record({
    quantity: fc.integer({ min: 1, max: 5 }),
    parts: rare(parts),
    together: rare(fc.constantFrom('adjacent', 'row', 'any'), 2),
    section: rare(fc.constantFrom('P', 'Q')),
    preferredSection: rare(fc.constantFrom('P', 'Q', 'R'), 2),
    grade: rare(fc.constantFrom('g0', 'g1')),
    accessible: rare(fc.integer({ min: 0, max: 2 })),
    channels: rare(fc.constant(['vip'])),
  })
  .map((drawn) => {
    const quantity = drawn.parts?.reduce((sum, part) => sum + part.quantity, 0) ?? drawn.quantity
    const wanted = { ...drawn, quantity, accessible: Math.min(quantity, drawn.accessible ?? 0) }
    return Object.fromEntries(
      Object.entries(wanted).filter(([, value]) => value !== undefined),
    ) as unknown as AllocationRequest
  })

const known = (drawn: DrawnMap, id: string | undefined) =>
  id === undefined || drawn.sections.some((own) => own.id === id)

const question = fc
  .record({ map, request, policy: fc.constantFrom(...allocationPolicies) })
  .filter((asked) => known(asked.map, asked.request.section) && known(asked.map, asked.request.preferredSection))

/** The allocator's answer in the words of the oracle. */
function said(
  drawn: DrawnMap,
  value: {
    parts: Extract<AllocationResult, { ok: true }>['value']['parts']
    create?: { section: string; count: number }
  },
) {
  const rank = (id: string) => drawn.sections.findIndex((own) => own.id === id)
  const seats = value.parts.flatMap((part) => part.seats.map((seat) => `${rank(part.section)}/${seat}`))
  const { section: creates = '', count = 0 } = value.create ?? {}
  const made = Array.from({ length: count }, (_, i) => `${rank(creates)}/${drawn.states[rank(creates)]!.count + i}`)
  return [...seats, ...made].sort()
}

/** Both, after the same changes: what was kept up to date, and what was built from scratch. */
const change = fc.record({ rank: fc.nat(2), seat: fc.nat(40), code: fc.constantFrom<SeatCode>(0, 0, 0, 1, 2, 3) })

test('an allocator kept up to date answers as one built from scratch', { timeout: 600_000 }, () => {
  const steps = fc.array(fc.record({ changes: fc.array(change, { maxLength: 12 }), request }), { maxLength: 12 })
  fc.assert(
    fc.property(map, fc.constantFrom(...allocationPolicies), steps, (drawn, policy, list) => {
      const kept = createAllocator(drawn.sections)
      const states = drawn.states.map((state) => ({ ...state, codes: state.codes.slice() }))
      for (const state of states) kept.replace(state)
      for (const { changes, request: wanted } of list) {
        for (const { rank, seat, code } of changes) {
          const state = states[rank]
          if (state === undefined || seat >= state.count) continue
          setCode(state.codes, seat, code)
          if (seat % 2 === 0) kept.apply({ section: state.section, seat, code })
          else kept.mark({ section: state.section, seats: [seat] }, code)
        }
        if (!known(drawn, wanted.section) || !known(drawn, wanted.preferredSection)) continue
        const scratch = allocateOn({ ...drawn, states }, wanted, policy)
        expect(kept.allocate({ request: wanted, policy })).toEqual(scratch)
        expect(kept.allocate({ request: wanted, policy })).toEqual(scratch)
      }
    }),
    { ...runs, numRuns: Math.ceil(runs.numRuns / 5) },
  )
})

test('if n adjacent free seats exist the answer is never none, however wide the row and wherever the hole', () => {
  const row = fc.record({
    length: fc.integer({ min: 1, max: 150 }),
    first: fc.nat(140),
    quantity: fc.integer({ min: 1, max: 70 }),
    taken: fc.array(fc.nat(149), { maxLength: 60 }),
    policy: fc.constantFrom(...allocationPolicies),
  })
  fc.assert(
    fc.property(row, ({ length, first, quantity, taken, policy }) => {
      const seats = Array.from({ length: Math.max(length, first + quantity) }, (_, seat) => {
        const inHole = seat >= first && seat < first + quantity
        return inHole || !taken.includes(seat) ? '.' : 'x'
      })
      const result = allocateOn(drawMap(['xxx', seats.join('')]), { quantity, together: 'adjacent' }, policy)
      expect(result.ok).toBe(true)
      if (!result.ok) return
      const chosen = result.value.parts[0]!.seats
      expect(chosen).toEqual(Array.from({ length: quantity }, (_, i) => chosen[0]! + i))
      expect(chosen.every((seat) => seats[seat - 3] === '.')).toBe(true)
    }),
    { ...runs, numRuns: 500 },
  )
})

test('the window of a wide row is the one a look at every window finds', () => {
  const wide = fc.record({
    row: fc.array(fc.constantFrom(...'....x|'), { minLength: 30, maxLength: 140 }).map((marks) => marks.join('')),
    quantity: fc.integer({ min: 1, max: 40 }),
    policy: fc.constantFrom(...allocationPolicies),
  })
  fc.assert(
    fc.property(wide, ({ row, quantity, policy }) => {
      const drawn = drawMap([row, row.split('').reverse().join('')])
      const fast = allocateOn(drawn, { quantity, together: 'adjacent' }, policy)
      const explained = allocateOn(drawn, { quantity, together: 'adjacent' }, policy, true)
      if (!fast.ok || !explained.ok) {
        expect(explained).toEqual(fast)
        return
      }
      expect({ ...explained.value, explain: undefined }).toEqual({ ...fast.value, explain: undefined })
    }),
    { ...runs, numRuns: 300 },
  )
})

const seatsOf = (candidate: Candidate | undefined) => candidate && [...candidate.seats].sort()

const runs = { numRuns: Number(process.env.ALLOCATOR_RUNS ?? 1_500), seed: 20_261_122 }

test('the allocator finds what a search of every subset finds', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(question, (asked) => {
      const result = allocateOn(asked.map, asked.request, asked.policy)
      const [best] = candidates(asked)
      if (!result.ok) {
        expect(best).toBeUndefined()
        expect(result.largestFit).toBe(largestFit(asked))
      } else {
        expect({ seats: said(asked.map, result.value), score: result.value.score }).toEqual({
          seats: seatsOf(best),
          score: best?.score,
        })
      }
    }),
    runs,
  )
})

test('explain gives the same answer, its reasons, and the second best of all', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(question, (asked) => {
      const plain = allocateOn(asked.map, asked.request, asked.policy)
      const result = allocateOn(asked.map, asked.request, asked.policy, true)
      if (!plain.ok || !result.ok) {
        expect(result).toEqual(plain)
        return
      }
      const { explain, ...value } = result.value
      expect(value).toEqual(plain.value)
      const [best, ...others] = candidates(asked)
      // A table taken beside all of these seats, with an empty chair, would be no other choice.
      const second = others.find(({ seats }) => !best!.seats.every((seat) => seats.includes(seat)))
      expect(explain).toMatchObject({
        rung: best!.score.rung,
        score: best!.score,
        withAccessible: best!.withAccessible,
      })
      expect(explain!.runnerUp?.score).toEqual(second?.score)
    }),
    { ...runs, numRuns: Math.ceil(runs.numRuns / 3) },
  )
})
