import type { Loop } from '../shared/loop.ts'
import { feedTickMs, type SeatBooks } from './seat-books.ts'

/** Keeps this process's copies fresh where the news between processes was lost or overtaken. */
export function createFeedLoop(p: { readonly books: Pick<SeatBooks, 'opened' | 'refresh'> }): Loop {
  return {
    name: 'feed',
    everyMs: feedTickMs,
    tick: async () => {
      await Promise.all(p.books.opened().map(({ scheduleId }) => p.books.refresh(scheduleId)))
    },
  }
}
