import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { ChangeFeed } from './change-feed.port.ts'

export interface ChangeFeedSubject {
  readonly port: ChangeFeed<{ readonly value: number }>
  /** Another process on the same feed. */
  peer(): ChangeFeed<{ readonly value: number }> | Promise<ChangeFeed<{ readonly value: number }>>
  /** Publishes on the channel so that no reader gets it, as a broken connection does. */
  publishLost(channel: Id, value: number): Promise<void>
  /** Returns once nothing is on its way any more. */
  settled(): Promise<void>
  close?(): void | Promise<void>
}

const channel = 'seats-game-1'

async function reader(feed: ChangeFeedSubject['port'], of: Id = channel) {
  const seen: (number | 'gap')[] = []
  const seqs: number[] = []
  const subscription = await feed.subscribe({
    channel: of,
    onChange: ({ value, seq }) => {
      seen.push(value)
      seqs.push(seq)
    },
    onGap: () => seen.push('gap'),
  })
  return { seen, seqs, close: () => subscription.close() }
}

const publish = (feed: ChangeFeedSubject['port'], values: readonly number[], to: Id = channel) =>
  feed.publish({ channel: to, changes: values.map((value) => ({ value })) })

/** What every ChangeFeed does. */
export const changeFeedContract = (factory: SubjectFactory<ChangeFeedSubject>): readonly ContractCase[] =>
  bindCases('ChangeFeed', factory, {
    'the factory gives a quiet feed': async ({ port, settled }) => {
      const one = await reader(port)
      await settled()
      assert.deepEqual(one.seen, [])
    },

    'every reader of every process gets every change in order': async ({ port, peer, settled }) => {
      const readers = [await reader(port), await reader(port), await reader(await peer())]
      await publish(port, [1, 2])
      await publish(await peer(), [3])
      await publish(port, [4])
      await settled()
      for (const { seen } of readers) assert.deepEqual(seen, [1, 2, 3, 4])
    },

    'seq grows by 1 and is the same for all readers': async ({ port, peer, settled }) => {
      const one = await reader(port)
      const two = await reader(await peer())
      await publish(port, [1, 2, 3])
      await settled()
      const first = one.seqs[0]!
      assert.deepEqual(one.seqs, [first, first + 1, first + 2])
      assert.deepEqual(two.seqs, one.seqs)
    },

    'who comes later gets what is published from then on, without a gap': async ({ port, settled }) => {
      await publish(port, [1, 2])
      await settled()
      const late = await reader(port)
      await publish(port, [3])
      await settled()
      assert.deepEqual(late.seen, [3])
    },

    'channels are independent': async ({ port, settled }) => {
      const one = await reader(port, 'one')
      const two = await reader(port, 'two')
      await publish(port, [1], 'one')
      await publish(port, [2], 'two')
      await publish(port, [3], 'one')
      await settled()
      assert.deepEqual([one.seen, two.seen], [[1, 3], [2]])
    },

    'a change that was lost is a gap before the next one': async ({ port, publishLost, settled }) => {
      const one = await reader(port)
      await publish(port, [1])
      await settled()
      await publishLost(channel, 2)
      await publish(port, [3, 4])
      await settled()
      assert.deepEqual(one.seen, [1, 'gap', 3, 4])
    },

    'an empty publish is nothing': async ({ port, settled }) => {
      const one = await reader(port)
      await publish(port, [])
      await publish(port, [1])
      await settled()
      assert.deepEqual(one.seen, [1])
    },

    'a reader that throws is told of a gap and disturbs nobody': async ({ port, settled }) => {
      let gaps = 0
      await port.subscribe({
        channel,
        onChange: () => {
          throw new Error('broken reader')
        },
        onGap: () => gaps++,
      })
      const other = await reader(port)
      await publish(port, [1, 2])
      await settled()
      assert.deepEqual([gaps, other.seen], [2, [1, 2]])
    },

    'after close nothing comes any more, and close is repeatable': async ({ port, settled }) => {
      const one = await reader(port)
      const two = await reader(port)
      await publish(port, [1])
      await settled()
      await one.close()
      await one.close()
      await publish(port, [2])
      await settled()
      assert.deepEqual([one.seen, two.seen], [[1], [1, 2]])
    },

    'bad channels are INVALID': async ({ port }) => {
      await assert.rejects(publish(port, [1], 'not an id'), { code: 'INVALID' })
      await assert.rejects(reader(port, ''), { code: 'INVALID' })
    },
  })
