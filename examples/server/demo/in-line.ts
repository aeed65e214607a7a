import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './client.ts'
import type { Fan } from './fan.ts'

export type EndOfWaiting = 'admitted' | 'gives up' | 'walks off' | 'turned away'

/** Joins and polls as told, until the line lets the fan in or the fan does something else. */
export async function standInLine(fan: Fan): Promise<EndOfWaiting> {
  const { scheduleId, who } = fan
  if (who.pushesIn) await pushIn(fan)
  let answer = await fan.send('POST', '/queue', { scheduleId }, `join-${fan.name}`)
  if (typeof answer.body?.number === 'number') fan.books.numbers.push(answer.body.number)
  if (who.pushesIn && answer.body?.state === 'waiting') await pushIn(fan, answer.body.queueTicket)
  while (answer.status < 300 && answer.body?.state === 'waiting' && !fan.over()) {
    if (who.does === 'leaves the line') return 'gives up'
    if (who.does === 'goes away while waiting') return 'walks off'
    await sleep(answer.body.nextPollMs)
    answer = await fan.send('GET', `/queue/status?scheduleId=${scheduleId}`)
  }
  if (answer.status < 300 && answer.body?.state === 'admitted') return 'admitted'
  if (!expected(answer) && !fan.over()) fan.surprised('in line', answer)
  return 'turned away'
}

/** Whoever does not poll for too long has lost the place; whoever comes too late finds the door shut. */
const expected = ({ status, body }: Answer): boolean =>
  (status < 300 && body?.state === 'expired') || body?.code === 'SALE_CLOSED'

/** The seats without a pass, or with a ticket shown as one: both must be refused. */
async function pushIn(fan: Fan, ticket?: string): Promise<void> {
  const headers = ticket === undefined ? undefined : { authorization: `Bearer ${ticket}` }
  const answer = await fan.try('POST', '/seats/auto-assign', { quantity: 4 }, headers)
  if (answer.status === 401 && answer.body?.code === 'PASS_REQUIRED') fan.books.pushes.refused++
  else fan.books.pushes.letIn.push(`${fan.name} with ${ticket ? 'a ticket' : 'nothing'}: ${answer.status}`)
}
