import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id, Ms } from '../shared/types.ts'

/** The session credential: minted and signed here, so that one browser is one visitor. */
export interface Sessions {
  mint(): { readonly visitor: Id; readonly token: string }
  /** Null for an unknown, altered or other-kind token. */
  verify(p: { token: string }): Id | null
}

/** As long as browsers keep a cookie: payments and reservations are found by the session alone. */
export const sessionTtlMs: Ms = 400 * 24 * 3_600_000

export function createSessions(p: {
  readonly tokens: Tokens
  readonly runtime: Pick<Runtime, 'now' | 'random'>
}): Sessions {
  return {
    mint: () => {
      const visitor = newId(p.runtime)
      const expiresAt = p.runtime.now() + sessionTtlMs
      return { visitor, token: p.tokens.sign({ audience: 'session', fields: [visitor], expiresAt }) }
    },
    verify: ({ token }) => {
      const verified = p.tokens.verify({ audience: 'session', token, fields: 1 })
      return verified && p.runtime.now() < verified.expiresAt ? (verified.fields[0] as Id) : null
    },
  }
}
