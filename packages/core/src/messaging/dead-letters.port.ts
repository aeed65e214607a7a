import type { Id, Ms, Page } from '../shared/types.ts'
import type { Message } from './message.ts'

export interface DeadLetter {
  readonly id: Id
  readonly at: Ms
  /** Where it failed: a consumer group, or `webhook`. */
  readonly source: Id
  readonly reason: string
  /** The message as it came; a webhook's body is kept under `data`, scrubbed. */
  readonly message: Message | { readonly topic: 'webhook'; readonly data: Readonly<Record<string, unknown>> }
  readonly replayedAt: Ms | null
}

export interface DeadLetters {
  /**
   * The same id is parked once and keeps its first content; parked again after it was replayed, it is open again. All letters
   * of a call or none. @throws `INVALID` for an id or source that is none.
   */
  park(p: { readonly letters: readonly Omit<DeadLetter, 'at' | 'replayedAt'>[] }): Promise<void>
  /** Newest last. Pages of at most 100; `id` alone answers that letter or nothing. @throws `INVALID` for a foreign `after`. */
  list(p: { readonly after?: string; readonly id?: Id }): Promise<Page<DeadLetter>>
  /** Records that `by` sent it again; of parallel calls one is true; false: unknown or already replayed. */
  replayed(p: { readonly id: Id; readonly by: Id }): Promise<boolean>
}
