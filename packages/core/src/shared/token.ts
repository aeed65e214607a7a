import { type MacKey, macBase64url, macKey, sameText } from './crypto.ts'
import { TicketingError } from './errors.ts'
import { isId } from './ids.ts'
import type { Ms } from './types.ts'

/** A secret of at least 32 characters. The first signs, all verify. */
export interface TokenSecret {
  readonly kid: string
  readonly secret: string
}

export type Audience = 'ticket' | 'pass' | 'session'

export interface VerifiedToken {
  readonly fields: readonly string[]
  readonly expiresAt: Ms
}

/**
 * Compact signed tokens `audience.kid.field….exp.signature`. There is one algorithm (HMAC-SHA256) and no field that names it;
 * every field is in the alphabet of ids, so nothing needs escaping and one byte changed anywhere is another signature.
 */
export interface Tokens {
  /** `fields` in the alphabet of ids. @throws TicketingError `INVALID` for any other. */
  sign(p: { readonly audience: Audience; readonly fields: readonly string[]; readonly expiresAt: Ms }): string
  /** Null: altered, of another audience, or signed by an unknown key. `fields` is the number of fields. Does not judge `expiresAt`. */
  verify(p: { readonly audience: Audience; readonly token: unknown; readonly fields: number }): VerifiedToken | null
}

const longest = 512

/** @throws TicketingError `CONFIG_INVALID` for no, short, doubled or malformed secrets. */
export function createTokens(p: { readonly secrets: readonly TokenSecret[] }): Tokens {
  const keys = new Map<string, MacKey>()
  for (const secret of Array.isArray(p.secrets) ? p.secrets : [])
    keys.set(demandSecret(secret, keys), macKey(secret.secret))
  const first = keys.entries().next().value
  if (!first) throw new TicketingError('CONFIG_INVALID', 'tokenSecrets needs at least one { kid, secret }')
  const [signingKid, signingKey] = first

  return {
    sign: ({ audience, fields, expiresAt }) => {
      if (!fields.every(isId) || !Number.isSafeInteger(expiresAt) || expiresAt < 0)
        throw new TicketingError('INVALID', 'a token carries ids and an instant only')
      const text = [audience, signingKid, ...fields, expiresAt].join('.')
      return `${text}.${macBase64url(signingKey, text)}`
    },
    verify: ({ audience, token, fields }) => {
      if (typeof token !== 'string' || token.length > longest) return null
      const parts = token.split('.')
      if (parts.length !== fields + 4 || parts[0] !== audience) return null
      const key = keys.get(parts[1] as string)
      const end = token.lastIndexOf('.')
      if (!key || !sameText(macBase64url(key, token.slice(0, end)), token.slice(end + 1))) return null
      return { fields: parts.slice(2, -2), expiresAt: Number(parts.at(-2)) }
    },
  }
}

function demandSecret(value: TokenSecret, known: ReadonlyMap<string, MacKey>): string {
  if (!isId(value?.kid)) throw new TicketingError('CONFIG_INVALID', 'a token secret needs a kid in the alphabet of ids')
  if (known.has(value.kid)) throw new TicketingError('CONFIG_INVALID', `two token secrets have the kid ${value.kid}`)
  if (typeof value.secret !== 'string' || value.secret.length < 32)
    throw new TicketingError('CONFIG_INVALID', `the token secret ${value.kid} is shorter than 32 characters`)
  return value.kid
}
