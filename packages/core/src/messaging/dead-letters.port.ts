import type { Id, Ms, Page } from '../shared/types.ts'
import type { Message, Topic } from './message.ts'

export interface WebhookBody {
  readonly topic: 'webhook'
  readonly data: Readonly<Record<string, unknown>>
}

/** A record of a topic that is no message: what stood there, in base64, for it may be anything. Nothing can send it again. */
export interface UnreadableRecord {
  readonly topic: 'unreadable'
  /** Where it stood. */
  readonly from: Topic
  /** Null: it had none. */
  readonly key: string | null
  readonly value: string | null
}

export interface DeadLetter {
  readonly id: Id
  readonly at: Ms
  /** Where it failed: a consumer group, or `webhook`. */
  readonly source: Id
  readonly reason: string
  /** The message as it came; a webhook's body is kept under `data`, scrubbed. */
  readonly message: Message | WebhookBody | UnreadableRecord
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
  /**
   * Records that `by` sent it again, with an audit row (`dead-letter-replayed`, subject: the letter's id) in the same
   * transaction; of parallel calls one is true; false: unknown or already replayed, and nothing was written.
   */
  replayed(p: { readonly id: Id; readonly by: Id }): Promise<boolean>
}
