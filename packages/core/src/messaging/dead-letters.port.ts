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
  /** The same id is parked once. */
  park(p: { readonly letters: readonly Omit<DeadLetter, 'at' | 'replayedAt'>[] }): Promise<void>
  /** Newest last. Pages of at most 100. */
  list(p: { readonly after?: string; readonly id?: Id }): Promise<Page<DeadLetter>>
  /** Records that `by` sent it again; false: unknown or already replayed. */
  replayed(p: { readonly id: Id; readonly by: Id }): Promise<boolean>
}
