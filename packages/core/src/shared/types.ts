/** An identifier: `^[A-Za-z0-9_-]{1,64}$`. */
export type Id = string

/** Milliseconds: an instant (since 1970, UTC) or a duration; the name says which. */
export type Ms = number

/**
 * A version grows and is never used twice: `incarnation · 2³² + counter`. The record grows the incarnation whenever a fast
 * store may have lost data, so that nothing from before the loss matches again.
 */
export type Version = number

/** One page of a list; `next` goes into `after` of the following call, `null` at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
