import type { Notice } from './notice.ts'

/** Sends one mail. A throw, or an answer that does not come in time, counts as `try-later`. */
export interface Notifier {
  send(p: {
    readonly notice: Notice
    /** Left part of the Message-ID, the same whenever this notice is sent: a duplicate after a crash is recognisable. */
    readonly messageId: string
    readonly subject: string
    readonly text: string
    /** Aborts when the notice's time is over: then the answer is `try-later`, whatever the mail server still does. */
    readonly signal: AbortSignal
    /** `refused`: never again (the address does not exist); `try-later`: anything that may pass. */
  }): Promise<'sent' | 'try-later' | 'refused'>
}
