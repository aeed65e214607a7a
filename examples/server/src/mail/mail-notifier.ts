import type { Notifier } from '@b-ticketing/core/ports'
import { createTransport } from 'nodemailer'
import type { Mailbox } from './mailbox.ts'

/** The little of a nodemailer transport that is used: bring your own, or use the two below. */
export interface MailTransport {
  sendMail(mail: {
    from: { name: string; address: string }
    to: { name: string; address: string }
    subject: string
    text: string
    messageId: string
  }): Promise<unknown>
  close(): void
}

/**
 * Notices as e-mail. Addresses travel as objects (a comma in a string would add a recipient), and the Message-ID is the
 * notice's own, so that a copy sent after a crash is recognisable.
 */
export const mailNotifier = (transport: MailTransport, from: string): Notifier => ({
  send({ notice, messageId, subject, text, signal }) {
    const sending = transport.sendMail({
      from: { name: 'B-Ticketing', address: from },
      to: { name: notice.to.name ?? '', address: notice.to.address },
      subject,
      text,
      messageId: `<${messageId}@b-ticketing>`,
    })
    const outcome = sending.then(
      () => 'sent' as const,
      (error: unknown) => (isFinal(error) ? 'refused' : 'try-later'),
    )
    return Promise.race([outcome, timeOver(signal)])
  },
})

const timeOver = (signal: AbortSignal): Promise<'try-later'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('try-later')
    else signal.addEventListener('abort', () => resolve('try-later'), { once: true })
  })

/**
 * A mailbox that said no (5xx to its name or to the mail) says no again. Everything else may pass: 4xx, a server that is down,
 * a timeout, and a 5xx to us (credentials, sender, greeting), which an operator puts right.
 */
function isFinal(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown }
  return typeof responseCode === 'number' && responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA')
}

/** A real server, `smtp(s)://user:password@host:port`. */
export const smtpTransport = (url: string): MailTransport =>
  createTransport({
    url,
    pool: true,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

/** No server: nodemailer composes the mail as it would send it, and it is kept in the mailbox. */
export function mailboxTransport(mailbox: Mailbox, now: () => number): MailTransport {
  const json = createTransport({ jsonTransport: true, disableFileAccess: true, disableUrlAccess: true })
  return {
    async sendMail(mail) {
      const { message } = (await json.sendMail(mail)) as unknown as { message: string }
      const composed = JSON.parse(message) as {
        to: { address: string }[]
        subject: string
        text: string
        messageId: string
      }
      for (const { address } of composed.to) {
        const { subject, text, messageId } = composed
        mailbox.add({ to: address, subject, text, messageId, at: now() })
      }
    },
    close: () => json.close(),
  }
}
