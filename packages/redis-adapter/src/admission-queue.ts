import { hash } from 'node:crypto'
import { demandId, TicketingError } from '@b-ticketing/core'
import { createPermutation, drawPending, lineDraw } from '@b-ticketing/core/adapter-kit'
import type {
  AdmissionQueue,
  Id,
  JoinReply,
  LineDocument,
  Page,
  Place,
  PlaceReply,
  QueueMember,
  Recover,
  ScheduleRecord,
} from '@b-ticketing/core/ports'
import type { Keys } from './keys.ts'
import { type DocumentReply, documentOf, knownText, ruleText } from './line-document.ts'
import { createLineMembers, type RunOnLine } from './line-members.ts'
import { loadScript, type ScriptRunner } from './script.ts'

const joinLine = loadScript('join-line')
const tickLine = loadScript('tick-line')
const claimPlaces = loadScript('claim-places')
const leaveLine = loadScript('leave-line')
const configureLine = loadScript('configure-line')

type Value = string | number
type Answer = readonly Value[] | 'RECOVER' | 'epoch-over'

/** Most that one call carries: the arguments of a script have a bound, and a longer call would keep others waiting. */
const most = 256

/**
 * Lines in Redis, judged by its clock. `recordId`: the record behind these lines; another one's lines are missing to it. Needed
 * where the record does not outlive its process.
 */
export function createRedisAdmissionQueue(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'queue'>
  readonly recordId?: Id
}): AdmissionQueue {
  const { scripts, keys, recordId = '' } = p
  const run: RunOnLine = (script, scheduleId, args) =>
    scripts.run(script, { keys: keys.queue(demandId(scheduleId, 'scheduleId')), args: [recordId, ...args] })
  const members = createLineMembers(run)

  /** In pieces, which one connection carries and Redis runs in their order. */
  const inPieces = async <Item, Reply>(
    items: readonly Item[],
    call: (piece: readonly Item[]) => Promise<readonly Reply[] | Recover>,
  ): Promise<readonly Reply[] | Recover> => {
    if (items.length <= most) return items.length === 0 ? [] : call(items)
    const pieces = Array.from({ length: Math.ceil(items.length / most) }, (_, i) =>
      items.slice(i * most, (i + 1) * most),
    )
    const answers = await Promise.all(pieces.map(call))
    return answers.includes('RECOVER') ? 'RECOVER' : (answers as readonly (readonly Reply[])[]).flat()
  }

  const tick = async (scheduleId: Id): Promise<LineDocument | Recover> => {
    const answer = (await run(tickLine, scheduleId, [])) as DocumentReply | Recover
    return answer === 'RECOVER' ? answer : documentOf(scheduleId, answer)
  }

  const configure = async (
    scheduleId: Id,
    record: ScheduleRecord,
    recover: boolean,
    known: LineDocument | undefined,
  ): Promise<LineDocument | Recover> => {
    const terms = [ruleText(record, drawPending(record)), recover ? 1 : 0, knownText(known)]
    let ordered: readonly string[] = ['', '', '']
    for (let attempt = 0; attempt < maxOrders; attempt++) {
      const answer = (await run(configureLine, scheduleId, [...terms, ...ordered])) as
        | DocumentReply
        | OrderReply
        | Recover
      if (answer === 'RECOVER') return answer
      if (answer[0] !== 'draw') return documentOf(scheduleId, answer as DocumentReply)
      ordered = inOrder(record, answer as OrderReply)
    }
    throw new TicketingError('BUSY', 'the pre-queue changes too fast to be drawn', { retryInMs: 100 })
  }

  return {
    join: ({ scheduleId, epoch, joins }) =>
      inPieces(joins, async (piece) => {
        const list = piece
          .map(({ visitor, operationId }) => `${demandId(visitor, 'visitor')} ${tagOf(operationId)} `)
          .join('')
        const tickets = piece.flatMap(({ ticket }, i) => (ticket ? [i + 1, placeText(ticket)] : []))
        const answer = (await run(joinLine, scheduleId, [epoch, list, ...tickets])) as JoinAnswer
        if (answer === 'RECOVER') return answer
        return answer === 'epoch-over' ? piece.map(() => ({ is: answer })) : joinReplies(answer)
      }),

    tick: ({ scheduleId }) => tick(scheduleId),

    claim: ({ scheduleId, epoch, mode, places }) =>
      inPieces(places, async (piece) => {
        const args = piece.flatMap(({ number, until }) => [whole(number), whole(until ?? 0)])
        const answer = (await run(claimPlaces, scheduleId, [epoch, mode, ...args])) as Answer
        if (answer === 'RECOVER') return answer
        return answer === 'epoch-over' ? piece.map(() => ({ is: answer })) : placeReplies(answer, piece)
      }),

    leave: ({ scheduleId, epoch, places }) =>
      inPieces(places, async (piece) => {
        const args = piece.flatMap(({ visitor, place, as }) => [visitor, placeText(place), as])
        const answer = (await run(leaveLine, scheduleId, [epoch, ...args])) as Answer
        if (answer === 'RECOVER') return answer
        return answer === 'epoch-over' ? piece.map(() => false) : answer.map((ended) => ended === 1)
      }),

    configure: async ({ scheduleId, record, recover = false, known }) => {
      const document = await configure(scheduleId, record, recover, known)
      // Nobody waits for the lists of a draw: whoever reads them finishes what this leaves undone.
      if (document !== 'RECOVER' && document.draw && document.recordVersion === record.version)
        members.build(scheduleId, document).catch(() => {})
      return document
    },

    members: async ({ scheduleId, epoch, group, after }): Promise<Page<QueueMember>> => {
      if (after !== undefined && !/^\d{1,15}$/.test(after))
        throw new TicketingError('INVALID', 'after must be the next of a page')
      return members.page(scheduleId, epoch, group === undefined ? undefined : whole(group), Number(after ?? 0))
    },
  }
}

/** What tells the repeat of a join from another join of the same visitor: 36 bits, in the one-place index. */
const tagOf = (operationId: Id): string => hash('sha1', operationId, 'base64url').slice(0, 6)

/** Numbers of places and instants; what is none is nobody's. */
const whole = (value: number): number => (Number.isSafeInteger(value) && value > 0 ? value : 0)

function placeText(place: Place | undefined): string {
  if (place === undefined) return ''
  return 'number' in place ? `n${whole(place.number)}` : `r${whole(place.rank)}`
}

type JoinAnswer = readonly [letters: string, first: number, until: number, ...rest: number[]] | Recover | 'epoch-over'

/** One letter a join: see join-line.lua. */
function joinReplies([letters, first, until, ...rest]: Exclude<JoinAnswer, string>): readonly JoinReply[] {
  let [fresh, at] = [first, 0]
  const next = () => rest[at++] as number
  return Array.from(letters, (letter): JoinReply => {
    switch (letter) {
      case 'N':
        return { is: 'number', number: fresh++, created: true }
      case 'R':
        return { is: 'rank', rank: fresh++, created: true }
      case 'A':
        return { is: 'admitted', number: fresh++, until, created: true }
      case 'n':
        return { is: 'number', number: next(), created: false }
      case 'r':
        return { is: 'rank', rank: next(), created: false }
      case 'a':
        return { is: 'admitted', number: next(), until: next(), created: false }
      default:
        return { is: letter === 'c' ? 'closed' : 'ceiling' }
    }
  })
}

function placeReplies(answer: readonly Value[], places: readonly { readonly number: number }[]): readonly PlaceReply[] {
  let at = 0
  return places.map(({ number }) => {
    const is = answer[at++] as PlaceReply['is']
    return is === 'active' ? { is, number, until: answer[at++] as number } : { is }
  })
}

type OrderReply = readonly ['draw', hash: string, states: string, left: string]

/** Far more than openings that meet somebody who leaves in that very moment. */
const maxOrders = 20

/** States by rank and given-up ranks, as the draw orders them. */
function inOrder(record: ScheduleRecord, [, seen, states, left]: OrderReply): readonly string[] {
  const { numberOf } = createPermutation(lineDraw(record))
  const bytes: string[] = []
  for (let rank = 1; rank <= states.length; rank++) {
    const state = states[rank - 1] as string
    if (state !== '\0') bytes[numberOf(rank) - 1] = state
  }
  const ordered = Array.from(bytes, (state) => state ?? '\0').join('')
  const numbers = left.split(' ').filter((rank) => rank !== '')
  return [ordered, numbers.map((rank) => numberOf(Number(rank))).join(' '), seen]
}
