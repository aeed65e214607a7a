import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes as nodeRandomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** The only file of core that touches a Node builtin. */
export const randomBytes = (bytes: number): Uint8Array => nodeRandomBytes(bytes)

export const hmacSha256 = (secret: string | Uint8Array, text: string | Uint8Array): Uint8Array =>
  createHmac('sha256', secret).update(text).digest()

export const sha256Hex = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

/** Constant-time comparison; false for different lengths. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** A secret made ready once: signing with it costs microseconds instead of a key set-up each time. */
export type MacKey = KeyObject

export const macKey = (secret: string): MacKey => createSecretKey(secret, 'utf8')

export const macBase64url = (key: MacKey, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** Constant-time comparison of ASCII texts; false for different lengths. */
export const sameText = (a: string, b: string): boolean => sameBytes(Buffer.from(a), Buffer.from(b))
