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

export interface MemoryNotifier extends Notifier {
  messages(): readonly Mail[]
  /** What becomes of mail from now on; at first all is taken. `hang`: no answer until the signal. */
  receiver(does: 'take' | 'put off' | 'refuse' | 'hang'): void
}

/** A mailbox in this process. */
export function createMemoryNotifier(p: { readonly runtime: Pick<Runtime, 'now'> }): MemoryNotifier {
  const mails: Mail[] = []
  let does: Parameters<MemoryNotifier['receiver']>[0] = 'take'
  return {
    messages: () => [...mails],
    receiver: (next) => {
      does = next
    },
    async send({ notice, messageId, subject, text, signal }) {
      if (does === 'refuse') return 'refused'
      if (does === 'hang') await aborted(signal)
      if (does !== 'take') return 'try-later'
      mails.push({ to: notice.to.address, subject, text, messageId, at: p.runtime.now() })
      return 'sent'
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
