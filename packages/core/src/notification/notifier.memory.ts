import type { Runtime } from '../shared/runtime.ts'
import type { Ms } from '../shared/types.ts'
import type { Notifier } from './notifier.port.ts'

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly messageId: string
  readonly at: Ms
}

/** A mailbox that takes everything. */
export function createMemoryNotifier(p: {
  readonly runtime: Pick<Runtime, 'now'>
}): Notifier & { messages(): readonly Mail[] } {
  const mails: Mail[] = []
  return {
    messages: () => [...mails],
    async send({ notice, messageId, subject, text }) {
      mails.push({ to: notice.to.address, subject, text, messageId, at: p.runtime.now() })
      return 'sent'
    },
  }
}
