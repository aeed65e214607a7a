import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import type { MailLine } from './audit/evidence.ts'

/** A real SMTP server that keeps what it is given. */
export interface MailCatcher {
  readonly url: string
  readonly mails: readonly MailLine[]
  /** From now on every recipient is refused with this code of SMTP; null: taken. */
  refuse(code: number | null): void
  close(): Promise<void>
}

export async function catchMail(): Promise<MailCatcher> {
  const mails: MailLine[] = []
  let refusal: number | null = null
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => {
      done(refusal === null ? null : Object.assign(new Error('no'), { responseCode: refusal }))
    },
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const { subject = '', text = '', messageId = '' } = await PostalMime.parse(Buffer.concat(chunks))
        for (const { address } of envelope.rcptTo) mails.push({ to: address, subject, text, messageId })
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (code) => {
      refusal = code
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
