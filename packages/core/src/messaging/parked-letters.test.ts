import { expect, test } from 'vitest'
import { auditRows } from '../shared/audit.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { TicketingError } from '../shared/errors.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { createMemoryDeadLetters } from './dead-letters.memory.ts'
import type { DeadLetter } from './dead-letters.port.ts'
import type { PublishReply } from './event-bus.port.ts'
import type { Message } from './message.ts'
import { createParkedLetters } from './parked-letters.ts'

const message: Message = { eventId: 'e1', topic: 'payment-requested', key: 'r1', schema: 1, at: 1, data: {} }
const webhook = { topic: 'webhook', data: { type: 'charge.succeeded' } } as const
const unreadable = { topic: 'unreadable', from: 'payment-requested', key: null, value: '/w==' } as const

async function desk(parked: DeadLetter['message']) {
  const record = createMemoryRecord()
  const deadLetters = createMemoryDeadLetters({ record, runtime: manualRuntime() })
  await deadLetters.park({ letters: [{ id: 'a', source: 'group', reason: 'why', message: parked }] })
  const sent: unknown[] = []
  let reply: PublishReply | TicketingError = 'acked'
  const send = (what: unknown): PublishReply => {
    if (reply instanceof TicketingError) throw reply
    if (reply === 'acked') sent.push(what)
    return reply
  }
  const letters = createParkedLetters({
    deadLetters,
    eventBus: { publish: async ({ messages }) => messages.map(send) },
    hear: async (data) => send(data),
  })
  return {
    ...{ letters, sent },
    answer: (next: typeof reply) => {
      reply = next
    },
    open: async () => (await deadLetters.list({})).items.filter(({ replayedAt }) => replayedAt === null).length,
    acts: () => [...record.table(auditRows).values()].map(({ by, action, subject }) => [by, action, subject]),
  }
}

test.each([
  [message, message],
  [webhook, webhook.data],
])('a letter is sent again as it came, once, and audited', async (parked, as) => {
  const { letters, sent, acts } = await desk(parked)
  await Promise.all([letters.replay({ id: 'a', by: 'ann' }), letters.replay({ id: 'a', by: 'ann' })])
  await letters.replay({ id: 'a' })
  expect(sent).toEqual([as])
  expect(acts()).toEqual([['ann', 'dead-letter-replayed', 'a']])
})

test.each([message, webhook])(
  'a letter that cannot be sent now stays open and is sent the next time',
  async (parked) => {
    const { letters, sent, answer, open } = await desk(parked)
    answer(parked === webhook ? new TicketingError('BUSY', 'no') : 'unknown')
    await expect(letters.replay({ id: 'a' })).rejects.toMatchObject({ code: 'BUSY' })
    expect([sent, await open()]).toEqual([[], 1])
    answer('acked')
    await letters.replay({ id: 'a' })
    expect([sent.length, await open()]).toEqual([1, 0])
  },
)

test('what was no message is shown, and never sent', async () => {
  const { letters, sent, acts, open } = await desk(unreadable)
  expect((await letters.list()).items[0]?.message).toEqual(unreadable)
  await expect(letters.replay({ id: 'a' })).rejects.toMatchObject({ code: 'INVALID' })
  expect([sent, acts(), await open()]).toEqual([[], [], 1])
})

test('unknown letters and bad names are refused, and nothing is sent', async () => {
  const { letters, sent, open } = await desk(message)
  await expect(letters.replay({ id: 'b' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  for (const bad of ['', 'a b', 7, null]) {
    await expect(letters.replay({ id: bad as never })).rejects.toMatchObject({ code: 'INVALID' })
    await expect(letters.replay({ id: 'a', by: bad as never })).rejects.toMatchObject({ code: 'INVALID' })
  }
  expect([sent, await open()]).toEqual([[], 1])
})
