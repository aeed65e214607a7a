import type { Id } from '../shared/types.ts'

export interface KeptAnswer {
  /** Of the request: the same key with another request is a mistake of the caller, which the host refuses. */
  readonly fingerprint: Id
  /** JSON text, character by character as it was given. One of a megabyte is kept like a short one. */
  readonly answer: string
}

/**
 * First answers by idempotency key, for a host: what is asked again at another process or after a restart is answered as it was
 * the first time, for 15 days at least. The engine does not ask for them: it keeps those of payments itself, each in the
 * transaction of its payment.
 */
export interface AnswerStore {
  /** Null: no answer is kept under this key. Keys differ by case. @throws `INVALID` for a key that is no id. */
  find(p: { readonly key: Id }): Promise<KeptAnswer | null>
  /**
   * Keeps an answer, unless the key has one: the first stays. Answers what is kept, the same to all who come at once.
   * @throws `INVALID` for a key or fingerprint that is no id.
   */
  keep(p: { readonly key: Id } & KeptAnswer): Promise<KeptAnswer>
}
