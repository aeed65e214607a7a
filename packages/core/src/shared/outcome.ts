/** The answer of an operation that may be refused: a refusal is a value with a literal reason, never an exception. */
export type Outcome<T, Refusal extends { readonly reason: string }> = Accepted<T> | Refused<Refusal>

export interface Accepted<T> {
  readonly ok: true
  readonly value: T
}

export type Refused<Refusal extends { readonly reason: string }> = { readonly ok: false } & Refusal

export const accepted = <T>(value: T): Accepted<T> => ({ ok: true, value })

export const refused = <const Refusal extends { readonly reason: string }>(refusal: Refusal): Refused<Refusal> => ({
  ok: false,
  ...refusal,
})
