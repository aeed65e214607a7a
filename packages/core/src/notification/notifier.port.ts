import type { Id } from '../shared/types.ts'
import type { Notice } from './notice.ts'

/** Sends one mail. `messageId` is stable per notice, so that a duplicate after a crash is recognisable. */
export interface Notifier {
  send(p: {
    readonly notice: Notice
    readonly messageId: Id
    readonly subject: string
    readonly text: string
    readonly signal: AbortSignal
  }): Promise<'sent' | 'try-later' | 'refused'>
}
