import type { Id } from '../shared/types.ts'
import type { Subscription } from './event-bus.port.ts'

/** Fast news between processes. Lossy: a gap in `seq` (or a reconnect) calls `onGap`, and the reader reads the store. */
export interface ChangeFeed<T> {
  /** Never waits for readers. Each change of a channel gets the next `seq`. */
  publish(p: { readonly channel: Id; readonly changes: readonly T[] }): Promise<void>
  /**
   * Changes published from now on, each at most once and by growing `seq`, after `subscribe` returned. `onGap` is called before
   * the first change that follows a gap, and after an `onChange` that threw. After `close` neither is called.
   */
  subscribe(p: {
    readonly channel: Id
    readonly onChange: (change: T & { readonly seq: number }) => void
    readonly onGap: () => void
  }): Promise<Subscription>
}
