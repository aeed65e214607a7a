import assert from 'node:assert/strict'
import { test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { createTokens } from '../shared/token.ts'
import { signPass, verifyPass } from './pass.ts'
import { isHalfSpent, signTicket, ticketTtlMs, verifyTicket } from './queue-ticket.ts'
import { createSessions, sessionTtlMs } from './session.ts'
import { openSale, pass, scheduleId } from './waiting-room.test-support.ts'

const tokens = createTokens({ secrets: [{ kid: 'a', secret: 'a secret of at least thirty-two characters' }] })
const claims = { scheduleId: 'game-1', epoch: 'e', visitor: 'fan' }

test('a ticket carries a number or a rank for 24 h', () => {
  for (const place of [{ number: 4_211 }, { rank: 17 }]) {
    const ticket = signTicket(tokens, { ...claims, place }, 1_000)
    const read = verifyTicket(tokens, ticket, 1_000)
    assert.deepEqual(read, { ...claims, place, issuedAt: 1_000, expiresAt: 1_000 + ticketTtlMs })
    assert.ok(verifyTicket(tokens, ticket, ticketTtlMs + 999))
    assert.equal(verifyTicket(tokens, ticket, ticketTtlMs + 1_000), null)
    assert.deepEqual([isHalfSpent(read!, 1_000), isHalfSpent(read!, 1_000 + ticketTtlMs / 2)], [false, true])
  }
})

test('the same claims sign to the same pass, and a pass cannot be changed', () => {
  const signed = signPass(tokens, { ...claims, number: 7, expiresAt: 5_000 })
  assert.deepEqual(signPass(tokens, { ...claims, number: 7, expiresAt: 5_000 }), signed)
  assert.deepEqual(verifyPass(tokens, signed.token), signed)
  assert.throws(() => Object.assign(signed, { number: 1 }))
})

test('W11: ticket, pass and session are never taken for one another', () => {
  const runtime = manualRuntime()
  const sessions = createSessions({ tokens, runtime })
  const ticket = signTicket(tokens, { ...claims, place: { number: 1 } }, runtime.now())
  const { token } = signPass(tokens, { ...claims, number: 1, expiresAt: runtime.now() + 1_000 })
  const session = sessions.mint()
  assert.equal(sessions.verify({ token: session.token }), session.visitor)
  for (const other of [token, session.token]) assert.equal(verifyTicket(tokens, other, runtime.now()), null)
  for (const other of [ticket, session.token]) assert.equal(verifyPass(tokens, other), null)
  for (const other of [ticket, token]) assert.equal(sessions.verify({ token: other }), null)
})

test('a session lives as long as a cookie, and no longer; each is another visitor', () => {
  const runtime = manualRuntime()
  const sessions = createSessions({ tokens, runtime })
  const [one, two] = [sessions.mint(), sessions.mint()]
  assert.notEqual(one.visitor, two.visitor)
  runtime.advance(sessionTtlMs - 1)
  assert.equal(sessions.verify({ token: one.token }), one.visitor)
  runtime.advance(1)
  assert.equal(sessions.verify({ token: one.token }), null)
})

test('W11: tickets and passes of another sale, epoch, visitor or time open nothing: 0 accepted', async () => {
  const sale = await openSale({ settings: { ratePerMinute: null, capacity: null } })
  const { room, gate, tokens: own } = sale.start()
  await room.join({ scheduleId, visitor: 'fan' })
  const now = sale.runtime.now()
  const ticket = (over: object) =>
    signTicket(own, { scheduleId, epoch: 'epoch-1', visitor: 'fan', place: { number: 1 }, ...over }, now)
  await assert.rejects(room.status({ ticket: ticket({ scheduleId: 'game-2' }) }), { code: 'NOT_FOUND' })
  await assert.rejects(room.status({ ticket: ticket({ epoch: 'epoch-0' }) }), { code: 'EPOCH_OVER' })
  await assert.rejects(room.status({ ticket: ticket({}), visitor: 'thief' }), { code: 'TICKET_INVALID' })
  const own1 = { scheduleId, epoch: 'epoch-1', number: 1, visitor: 'fan', expiresAt: now + 60_000 }
  const refused = [
    signPass(own, { ...own1, epoch: 'epoch-0' }),
    signPass(own, { ...own1, expiresAt: now }),
    signPass(own, { ...own1, number: 99_999 }),
    signPass(own, { ...own1, number: 0 }),
  ]
  for (const pass of refused) await assert.rejects(gate.demand({ pass }), { code: 'PASS_EXPIRED' })
  const { token } = signPass(own, own1)
  await assert.rejects(room.verifyPass({ token, visitor: 'thief' }), { code: 'PASS_REQUIRED' })
  assert.equal((await room.verifyPass({ token, visitor: 'fan' })).number, 1)
})

test('a pass over HTTP time: the loop ends it in the store as well', async () => {
  const sale = await openSale({ settings: { ratePerMinute: null, passTtlSeconds: 2 } })
  const process = sale.start()
  await process.room.join({ scheduleId, visitor: 'fan' })
  await pass(sale, [process], 2_000)
  assert.equal((await process.room.stats({ scheduleId })).expired, 1)
})
