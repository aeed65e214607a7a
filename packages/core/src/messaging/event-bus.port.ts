import type { Id } from '../shared/types.ts'
import type { Message, Topic } from './message.ts'

/** At least once, in order per key. */
export interface EventBus {
  /** One send. `unknown`: it may have been published; publishing again is safe because consumers keep an inbox. */
  publish(p: {
    readonly topic: Topic
    readonly messages: readonly Message[]
  }): Promise<readonly ('acked' | 'unknown')[]>
  /**
   * `handle` gets batches in order per key. A throw is a dependency's fault: the same batch comes again later, nothing is
   * skipped. `poison` is a fault of the message: after `attempts` (5) it is parked as a dead letter and passed over.
   */
  subscribe(p: {
    readonly topic: Topic
    readonly group: Id
    readonly handle: (batch: readonly Message[]) => Promise<readonly ('done' | { readonly poison: string })[]>
  }): Promise<Subscription>
}

export interface Subscription {
  close(): Promise<void>
}
