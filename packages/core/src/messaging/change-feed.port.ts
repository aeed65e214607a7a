import type { Id } from '../shared/types.ts'
import type { Subscription } from './event-bus.port.ts'

/** Fast news between processes. Lossy: a gap in `seq` (or a reconnect) calls `onGap`, and the reader reads the store. */
export interface ChangeFeed<T> {
  publish(p: { readonly channel: Id; readonly changes: readonly T[] }): Promise<void>
  subscribe(p: {
    readonly channel: Id
    readonly onChange: (change: T & { readonly seq: number }) => void
    readonly onGap: () => void
  }): Promise<Subscription>
}
