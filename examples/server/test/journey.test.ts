import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admitted, newKey, pay, settled, startServer, type TestServer, until } from './harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

describe('waiting room', () => {
  test('Q1: opening the booking page puts the visitor in the queue automatically', async () => {
    const page = await server.visitor().get('/booking/game-1')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.text).toContain('/assets/booking.js')
    const script = await server.visitor().get('/assets/booking.js')
    expect(script.text).toContain("'POST', '/queue'")
  })

  test('a repeat of the join is the same place: 201, then 200 with the same number', async () => {
    const visitor = server.visitor()
    const first = await visitor.post('/queue', { scheduleId: 'game-1' })
    expect(first.status).toBe(201)
    expect(first.body.queueTicket).toEqual(expect.any(String))
    const again = await visitor.post('/queue', { scheduleId: 'game-1' })
    expect(again.status).toBe(200)
    expect(again.body.number).toBe(first.body.number)
    const cookies = first.headers.getSetCookie()
    for (const name of ['bt_session', 'bt_ticket_game-1']) {
      expect(cookies.find((cookie) => cookie.startsWith(`${name}=`))).toMatch(/; HttpOnly; SameSite=Lax$/)
    }
  })

  test('Q2 Q3 Q4: groups of the set size, the place in line, and the redirect once admitted', async () => {
    await using slow = await startServer({ sale: { groupSize: 2, capacity: 1, ratePerMinute: null } })
    const [first, second, third] = [slow.visitor(), slow.visitor(), slow.visitor()]
    await first.post('/queue', { scheduleId: 'game-1' })
    // The first one was let in at once; the line's next document says so.
    await until(
      () => slow.engine.waitingRoom.stats({ scheduleId: 'game-1' }),
      ({ admittedThrough }) => admittedThrough === 1,
    )
    const b = await second.post('/queue', { scheduleId: 'game-1' })
    const c = await third.post('/queue', { scheduleId: 'game-1' })
    expect(b.body).toMatchObject({ state: 'waiting', number: 2, group: 1 })
    expect(c.body).toMatchObject({ state: 'waiting', number: 3, group: 2 })
    const waiting = await third.get('/queue/status?scheduleId=game-1')
    expect(waiting.body).toMatchObject({ scheduleId: 'game-1', state: 'waiting', number: 3, ahead: 1 })
    expect(waiting.body.nextPollMs).toBeGreaterThan(0)
    expect(waiting.body.pass).toBeUndefined()
    expect((await third.delete('/queue?scheduleId=game-1')).status).toBe(204)
    expect((await first.delete('/queue?scheduleId=game-1')).status).toBe(204)
    const goesOn = await until(
      () => slow.engine.waitingRoom.stats({ scheduleId: 'game-1' }),
      ({ admittedThrough }) => admittedThrough >= 2,
    )
    expect(goesOn.admittedThrough).toBeGreaterThanOrEqual(2)
    const status = await second.get('/queue/status?scheduleId=game-1')
    expect(status.body).toMatchObject({ state: 'admitted', redirectUrl: '/seats/sections' })
    expect(Date.parse(status.body.passExpiresAt)).toBeGreaterThan(Date.now())
    expect((await second.get('/seats/sections')).status).toBe(200)
  })

  test('leaving twice is 204; joining again is a new and later number', async () => {
    const visitor = server.visitor()
    const first = await visitor.post('/queue', { scheduleId: 'game-1' })
    await visitor.get('/queue/status?scheduleId=game-1')
    for (const _ of [1, 2]) expect((await visitor.delete('/queue?scheduleId=game-1')).status).toBe(204)
    expect([...visitor.cookies.keys()]).toEqual(['bt_session'])
    const again = await visitor.post('/queue', { scheduleId: 'game-1' })
    expect(again.status).toBe(201)
    expect(again.body.number).toBeGreaterThan(first.body.number)
  })

  test('leaving by Bearer: ticket or pass, also when repeated; nonsense is 401', async () => {
    for (const name of ['bt_ticket_game-1', 'bt_pass_game-1']) {
      const visitor = await admitted(server)
      const bearer = { authorization: `Bearer ${visitor.cookies.get(name)}` }
      for (const _ of [1, 2]) expect((await visitor.delete('/queue?scheduleId=game-1', bearer)).status).toBe(204)
      const nonsense = await visitor.delete('/queue?scheduleId=game-1', { authorization: 'Bearer nonsense' })
      expect([nonsense.status, nonsense.body.code]).toEqual([401, 'TICKET_INVALID'])
    }
    expect((await server.visitor().delete('/queue?scheduleId=game-1')).status).toBe(204)
  })

  test('leaving releases the holds nobody is paying for', async () => {
    const [leaver, other] = [await admitted(server), await admitted(server)]
    expect((await leaver.post('/seats/select', { seatIds: ['A-1-10'] })).status).toBe(201)
    await leaver.delete('/queue?scheduleId=game-1')
    const next = await until(
      () => other.post('/seats/select', { seatIds: ['A-1-10'] }),
      ({ status }) => status === 201,
    )
    await other.delete(`/seats/holds/${next.body.holdId}`)
  })

  test('Q9: the pass ends after its time', async () => {
    await using brief = await startServer({ sale: { passTtlSeconds: 1 } })
    const visitor = await admitted(brief)
    expect((await visitor.get('/seats/sections')).status).toBe(200)
    const pass = visitor.cookies.get('bt_pass_game-1')
    const over = await until(
      () => visitor.get('/seats/sections', { authorization: `Bearer ${pass}` }),
      ({ status }) => status !== 200,
    )
    expect(over.status).toBe(403)
    expect(over.body.code).toBe('PASS_EXPIRED')
  })
})

describe('seats', () => {
  test('S1: a free seat becomes RESERVED, a taken one is refused by name', async () => {
    const [one, other] = [await admitted(server), await admitted(server)]
    const hold = await one.post('/seats/select', { seatIds: ['A-1-1', 'A-1-2'] })
    expect(hold.status).toBe(201)
    expect(hold.body).toMatchObject({
      scheduleId: 'game-1',
      state: 'RESERVED',
      amount: { value: 34_000, currency: 'KRW' },
      seats: [
        {
          seatId: 'A-1-1',
          section: 'A',
          row: '1',
          label: '1',
          grade: 'red',
          price: { value: 17_000, currency: 'KRW' },
        },
        { seatId: 'A-1-2' },
      ],
    })
    const repeated = await one.post('/seats/select', { seatIds: ['A-1-1', 'A-1-2'] })
    expect([repeated.status, repeated.body.holdId]).toEqual([200, hold.body.holdId])
    const refused = await other.post('/seats/select', { seatIds: ['A-1-2', 'A-1-3'] })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'SEAT_TAKEN', title: '이미 예약된 좌석입니다.', seatIds: ['A-1-2'] })
    const section = await other.get('/seats/status?section=A')
    const states = section.body.rows[0].seats.map(({ state }: { state: string }) => state)
    expect(states.slice(0, 3)).toEqual(['RESERVED', 'RESERVED', 'AVAILABLE'])
    expect((await one.delete(`/seats/holds/${hold.body.holdId}`)).status).toBe(204)
    expect((await one.get('/seats/holds')).body).toEqual({ items: [], next: null })
  })

  test('S2: adjacent seats first, the largest fit in a refusal, created seats where the section grows', async () => {
    const visitor = await admitted(server)
    const adjacent = await visitor.post('/seats/auto-assign', { quantity: 3, section: 'A', explain: true })
    expect(adjacent.status).toBe(201)
    expect(adjacent.body.allocation).toMatchObject({ rung: 1, fragments: 1 })
    const labels = adjacent.body.seats.map(({ label }: { label: string }) => Number(label))
    expect(labels[2] - labels[0]).toBe(2)
    await visitor.delete(`/seats/holds/${adjacent.body.holdId}`)
    const refused = await visitor.post('/seats/auto-assign', { quantity: 3, section: 'B' }, { 'accept-language': 'ko' })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'SEATS_UNAVAILABLE',
      title: '요청한 좌석 수를 자동 배정할 수 없습니다.',
      largestFit: 2,
    })
    const grown = await visitor.post('/seats/auto-assign', { quantity: 4, section: 'C' })
    expect(grown.status).toBe(201)
    expect(grown.body.allocation.rung).toBe(7)
    expect(grown.body.seats).toHaveLength(4)
    await visitor.delete(`/seats/holds/${grown.body.holdId}`)
    const sections = await visitor.get('/seats/sections')
    expect(sections.body.sections.find(({ id }: { id: string }) => id === 'C').capacity).toBeGreaterThan(2)
  })

  test('extend answers the hold; a stranger’s hold is 404', async () => {
    const [owner, stranger] = [await admitted(server), await admitted(server)]
    const { body: hold } = await owner.post('/seats/auto-assign', { quantity: 1 })
    const extended = await owner.post(`/seats/holds/${hold.holdId}/extend`)
    expect([extended.status, extended.body.holdId]).toEqual([200, hold.holdId])
    for (const answer of [
      await stranger.post(`/seats/holds/${hold.holdId}/extend`),
      await stranger.delete(`/seats/holds/${hold.holdId}`),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND'])
    }
    await owner.delete(`/seats/holds/${hold.holdId}`)
  })
})

describe('payment', () => {
  test('P1 P2 P3 P5: PENDING with a requestId, then COMPLETED, a reservation and a mail with amount and number', async () => {
    const visitor = await admitted(server)
    const { accepted, requestId, hold } = await pay(visitor, ['A-2-11', 'A-2-12'])
    expect(accepted.status).toBe(202)
    expect(accepted.body).toEqual({ requestId, status: 'PENDING', message: '결제 요청 중...' })
    expect(accepted.headers.get('location')).toBe(`/payments/${requestId}/status`)
    const { body: payment } = await settled(visitor, requestId)
    expect(payment).toMatchObject({ requestId, status: 'COMPLETED', reason: null, amount: hold.amount, refund: 'none' })
    const { body: line } = await visitor.get(`/payments/${requestId}/message`)
    expect(line.message).toBe(`결제 완료: ReservationId=${payment.reservationId}, 금액=34000`)
    const { body: mine } = await visitor.get('/reservations')
    expect(mine.items).toEqual([
      expect.objectContaining({
        reservationId: payment.reservationId,
        requestId,
        state: 'CONFIRMED',
        amount: hold.amount,
      }),
    ])
    const mails = await until(
      () => visitor.get('/dev/mail'),
      ({ body }) => body.messages.some(({ text }: { text: string }) => text.includes(payment.reservationId)),
    )
    const mail = mails.body.messages.find(({ text }: { text: string }) => text.includes(payment.reservationId))
    expect(mail.to).toBe('fan@example.com')
    expect(mail.text).toMatch(/34,?000/)
    const { body: books } = await visitor.get('/dev/ledger')
    expect(books.entries.filter((entry: { requestId: string }) => entry.requestId === requestId)).toEqual([
      expect.objectContaining({ type: 'charge', status: 'succeeded', amount: hold.amount }),
    ])
  })

  test('P4: FAILED with its reason, and the seats are AVAILABLE again', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-2-20'], 'tok_decline')
    const { body: payment } = await settled(visitor, requestId)
    expect(payment.status).toBe('FAILED')
    const { body: line } = await visitor.get(`/payments/${requestId}/message`)
    expect(line.message).toMatch(/^결제 실패: .+/)
    const { body: english } = await visitor.get(`/payments/${requestId}/message`, { 'accept-language': 'en' })
    expect(english.message).toMatch(/^Payment failed: .+/)
    await until(
      () => visitor.get('/seats/status?section=A'),
      ({ body }) => body.rows[1].seats.at(-1).state === 'AVAILABLE',
    )
  })

  test('the same key and body is the same payment; another body or a second key is refused', async () => {
    const visitor = await admitted(server)
    const { body: hold } = await visitor.post('/seats/auto-assign', { quantity: 1, section: 'A' })
    const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', paymentToken: 'tok_slow' }
    const key = newKey()
    const wrong = { ...order, amount: { ...hold.amount, value: hold.amount.value - 1 } }
    expect((await visitor.post('/payments', order)).body.code).toBe('IDEMPOTENCY_KEY_REQUIRED')
    expect((await visitor.post('/payments', wrong, newKey())).body.code).toBe('AMOUNT_MISMATCH')
    const first = await visitor.post('/payments', order, key)
    const again = await visitor.post('/payments', order, key)
    expect([again.status, again.body]).toEqual([first.status, first.body])
    const reused = await visitor.post('/payments', { ...order, email: 'other@example.com' }, key)
    expect([reused.status, reused.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    const second = await visitor.post('/payments', order, newKey())
    expect(second.status).toBe(409)
    expect(second.body).toMatchObject({ code: 'PAYMENT_IN_PROGRESS', requestId: first.body.requestId })
    await settled(visitor, first.body.requestId)
    const paid = await visitor.post('/payments', order, newKey())
    expect([paid.status, paid.body.code]).toEqual([409, 'ALREADY_PAID'])
    const cancel = await visitor.post(`/payments/${first.body.requestId}/cancel`)
    expect([cancel.status, cancel.body.code]).toEqual([409, 'ALREADY_PAID'])
  })

  test('a reservation is cancelled by a refund, and the seats are free once it is done', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-2-19'])
    const { body: payment } = await settled(visitor, requestId)
    const path = `/reservations/${payment.reservationId}`
    const stranger = await admitted(server)
    expect((await stranger.get(path)).status).toBe(404)
    expect((await stranger.post(`${path}/cancel`)).status).toBe(404)
    const cancelled = await visitor.post(`${path}/cancel`)
    expect(cancelled.status).toBe(202)
    const done = await until(
      () => visitor.get(path),
      ({ body }) => body.refund === 'DONE',
    )
    expect(done.body.state).toBe('CANCELLED')
    await until(
      () => visitor.get('/seats/status?section=A'),
      ({ body }) => body.rows[1].seats.at(-2).state === 'AVAILABLE',
    )
  })

  test('payments and reservations need the session alone: they outlive the pass', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-2-18'])
    const { body } = await settled(visitor, requestId)
    expect(body.status).toBe('COMPLETED')
    const before = await server.engine.waitingRoom.stats({ scheduleId: 'game-1' })
    await visitor.delete('/queue?scheduleId=game-1')
    const after = await server.engine.waitingRoom.stats({ scheduleId: 'game-1' })
    expect([after.done - before.done, after.left - before.left]).toEqual([1, 0])
    expect((await visitor.get('/seats/sections')).status).toBe(401)
    expect((await visitor.get(`/payments/${requestId}/status`)).body.status).toBe('COMPLETED')
    expect((await visitor.get(`/reservations/${body.reservationId}`)).status).toBe(200)
    expect((await server.visitor().get(`/payments/${requestId}/status`)).status).toBe(404)
  })

  test('duplicate webhooks complete a payment once', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-2-17'], 'tok_duplicate')
    await settled(visitor, requestId)
    const { body } = await visitor.get('/dev/ledger')
    expect(body.entries.filter((entry: { requestId: string }) => entry.requestId === requestId)).toHaveLength(1)
  })
})
