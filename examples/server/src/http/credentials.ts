import { timingSafeEqual } from 'node:crypto'
import type { Engine } from '@b-ticketing/core'
import { HttpProblem } from '../problem.ts'
import { formatCookie, passCookie, passCookiePrefix, sessionCookie, ticketCookie } from './cookies.ts'
import type { Call, Route } from './route.ts'

/** What was found out about the caller; `cookies` go with the answer if it is no refusal. */
export interface Caller {
  readonly slips: Readonly<Record<string, unknown>>
  /** Whose idempotency keys these are; null: nobody's. */
  readonly scope: string | null
  readonly cookies: readonly string[]
}

export type Authenticate = (route: Route, call: Call) => Promise<Caller> | Caller

/** As long as browsers keep a cookie. */
const sessionSeconds = 400 * 24 * 3_600
const nobody: Caller = { slips: {}, scope: null, cookies: [] }

/** Session, ticket, pass and admin token: the four proofs a caller may bring, each of one kind only. */
export function createAuthenticate(p: { engine: Engine; adminToken: string | null; secure: boolean }): Authenticate {
  const sessionOf = (call: Call): string | null => {
    const token = call.cookies.get(sessionCookie)
    return token === undefined ? null : p.engine.sessions.verify({ token })
  }

  const mint = (): Caller => {
    const { visitor, token } = p.engine.sessions.mint()
    const cookie = formatCookie({ name: sessionCookie, value: token, maxAgeSeconds: sessionSeconds, secure: p.secure })
    return { slips: { visitor }, scope: visitor, cookies: [cookie] }
  }

  const ofVisitor = (visitor: string, slips: Readonly<Record<string, unknown>> = {}): Caller => ({
    slips: { visitor, ...slips },
    scope: visitor,
    cookies: [],
  })

  return (route, call) => {
    if (route.auth === 'open') return nobody
    if (route.auth === 'operator') return operator(call, p.adminToken)
    const visitor = sessionOf(call)
    switch (route.auth) {
      case 'guest':
        return { slips: { visitor }, scope: visitor, cookies: [] }
      case 'session':
        return visitor === null ? mint() : ofVisitor(visitor)
      case 'ticket':
        return ofVisitor(...demandTicket(call, visitor))
      case 'pass':
        return demandPass(p.engine, call, visitor, judgedBy(route)).then((pass) => ofVisitor(pass.visitor, { pass }))
    }
  }
}

export function bearerOf(call: Pick<Call, 'headers'>): string | null {
  const header = call.headers.authorization
  if (header === undefined) return null
  const [scheme = '', token = ''] = header.split(' ', 2)
  return scheme.toLowerCase() === 'bearer' ? token : null
}

function demandTicket(call: Call, visitor: string | null): [string, { ticket: string }] {
  const scheduleId = call.rawQuery.scheduleId
  if (scheduleId === undefined) throw new HttpProblem('BAD_REQUEST', 'name the sale: ?scheduleId=')
  const ticket = bearerOf(call) ?? call.cookies.get(ticketCookie(scheduleId))
  if (visitor === null || !ticket) throw new HttpProblem('TICKET_INVALID', 'join the line first')
  return [visitor, { ticket }]
}

/**
 * A POST asks the line once more as it writes; whatever else needs a pass needs one that was not left. A payment that was
 * answered before is answered again when the pass is over, so the engine judges that alone.
 */
const judgedBy = ({ method, idempotency }: Route): { readonly live: boolean; readonly past: boolean } => ({
  live: method !== 'POST',
  past: idempotency === 'engine',
})

async function demandPass(engine: Engine, call: Call, visitor: string | null, by: ReturnType<typeof judgedBy>) {
  const token = bearerOf(call) ?? cookiePass(call)
  if (!token || visitor === null) throw new HttpProblem('PASS_REQUIRED', 'the way to the seats leads through the line')
  const pass = await engine.waitingRoom.verifyPass({ token, visitor, ...by })
  const { scheduleId } = call.rawQuery
  if (scheduleId !== undefined && scheduleId !== pass.scheduleId) {
    throw new HttpProblem('PASS_REQUIRED', 'this pass is for another sale')
  }
  return pass
}

/** The pass cookie of the sale that is named, or the only one there is: never a guess. */
function cookiePass(call: Call): string | undefined {
  const { scheduleId } = call.rawQuery
  if (scheduleId !== undefined) return call.cookies.get(passCookie(scheduleId))
  const names = [...call.cookies.keys()].filter((name) => name.startsWith(passCookiePrefix))
  if (names.length > 1) {
    const scheduleIds = names.map((name) => name.slice(passCookiePrefix.length))
    throw new HttpProblem('SCHEDULE_AMBIGUOUS', 'passes of several sales: choose with ?scheduleId=', {
      details: { scheduleIds },
    })
  }
  return call.cookies.get(names[0] ?? '')
}

function operator(call: Call, adminToken: string | null): Caller {
  if (adminToken === null) throw new HttpProblem('NOT_FOUND', 'operators’ routes are closed')
  demandOperator(call, adminToken)
  return { slips: {}, scope: 'operator', cookies: [] }
}

/** @throws HttpProblem `UNAUTHORIZED` unless the Bearer is the admin token. */
export function demandOperator(call: Pick<Call, 'headers'>, adminToken: string): void {
  const given = Buffer.from(bearerOf(call) ?? '')
  const wanted = Buffer.from(adminToken)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return
  throw new HttpProblem('UNAUTHORIZED', 'send the admin token as a Bearer', {
    headers: { 'www-authenticate': 'Bearer' },
  })
}
