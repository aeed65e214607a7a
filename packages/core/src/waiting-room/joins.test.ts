import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { AdmissionQueue, JoinReply } from './admission-queue.port.ts'
import { createJoins } from './joins.ts'
import type { LineView } from './line-copy.ts'
import type { Lines } from './lines.ts'

const viewOf = (epoch: Id, draw: object | null) =>
  ({ record: { epoch }, document: { epoch, draw } }) as unknown as LineView

/** Joins once; the line is in the given epochs, one a step. */
async function joinOver(steps: readonly { readonly view: LineView; readonly reply: JoinReply }[]) {
  const asked: unknown[] = []
  const left = [...steps]
  const step: Lines['step'] = async (_, run) => (await run(left[0]!.view)) as never
  const queue: Pick<AdmissionQueue, 'join'> = {
    join: async ({ epoch, joins }) => {
      asked.push({ epoch, ticket: joins[0]!.ticket })
      return [left.shift()!.reply]
    },
  }
  const lines = { step, fresh: async () => {} } as unknown as Lines
  const join = createJoins({ queue, lines, runtime: manualRuntime() })
  await join({ scheduleId: 'game-1', visitor: 'v1', operationId: 'o1', proven: null })
  return asked
}

const fifo = { policy: 'fifo', n: 3, key: '', beacon: null }
const rank: JoinReply = { is: 'rank', rank: 2, created: false }
const number: JoinReply = { is: 'number', number: 2, created: true }

test('a rank that the draw has turned into a number is asked for again as that number', async () => {
  const view = viewOf('e1', fifo)
  expect(
    await joinOver([
      { view, reply: rank },
      { view, reply: number },
    ]),
  ).toEqual([
    { epoch: 'e1', ticket: undefined },
    { epoch: 'e1', ticket: { number: 2 } },
  ])
})

test('W1 W17: after a reset in between that number is somebody else’s, and is not asked for', async () => {
  expect(
    await joinOver([
      { view: viewOf('e1', fifo), reply: rank },
      { view: viewOf('e2', null), reply: number },
    ]),
  ).toEqual([
    { epoch: 'e1', ticket: undefined },
    { epoch: 'e2', ticket: undefined },
  ])
})
