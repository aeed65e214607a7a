import type { Id } from '../shared/types.ts'
import type { Message, Topic } from './message.ts'

/** At least once, in order per key. */
export interface EventBus {
  /**
   * One send of at most 256 messages; reply *i* answers message *i*. `unknown`: it may have been published; publishing again is
   * safe because consumers keep an inbox. Of one key nothing is `acked` after an `unknown`. A broker that cannot be reached
   * throws `BUSY`, which means `unknown` for all.
   * @throws `INVALID` when a message is none or is of another topic: nothing was published.
   */
  publish(p: { readonly topic: Topic; readonly messages: readonly Message[] }): Promise<readonly PublishReply[]>
  /**
   * `handle` gets batches in order per key; within a group each key has one consumer at a time. A new group starts at the
   * oldest message kept, a known one where it stopped. A throw is a dependency's fault: what is not done comes again later,
   * nothing is skipped. `poison` is a fault of the message: after 5 attempts it is parked as a dead letter and passed over.
   * @throws `INVALID` for a topic or group that is none.
   */
  subscribe(p: {
    readonly topic: Topic
    readonly group: Id
    readonly handle: (batch: readonly Message[]) => Promise<readonly HandleReply[]>
  }): Promise<Subscription>
}

export type PublishReply = 'acked' | 'unknown'

/** One per message of the batch. */
export type HandleReply = 'done' | { readonly poison: string }

export interface Subscription {
  /** Waits for a running `handle`, which is not called again. What it did not finish comes to the group's next consumer. Repeatable. */
  close(): Promise<void>
}
