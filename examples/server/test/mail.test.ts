import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Notice } from '@b-ticketing/core'
import { type NotifierSubject, notifierContract } from '@b-ticketing/core/conformance'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { describe, expect, test } from 'vitest'
import { mailboxTransport, mailNotifier, smtpTransport } from '../src/mail/mail-notifier.ts'
import { createMailbox } from '../src/mail/mailbox.ts'

const notice = {
  to: { address: 'fan@example.com', name: '김, 팬 <boss@example.com>' },
} as Notice

const order = (messageId = 'notice-1') => ({
  notice,
  messageId,
  subject: '예매 완료',
  text: 'ReservationId=r1, 금액=34000',
  signal: new AbortController().signal,
})

type Receiver = Parameters<NotifierSubject['receiver']>[0]

const codes: Partial<Record<Receiver, number>> = { 'put off': 450, refuse: 550 }

/** A real SMTP server. */
async function startSmtp() {
  let does: Receiver = 'take'
  const mails: Email[] = []
  const envelopes: string[][] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => {
      if (does === 'hang') return
      const code = codes[does]
      done(code === undefined ? null : Object.assign(new Error('no'), { responseCode: code }))
    },
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        envelopes.push(envelope.rcptTo.map(({ address }) => address))
        void PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
          mails.push(mail)
          done()
        })
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    mails,
    envelopes,
    receiver: (next: Receiver) => {
      does = next
    },
    url: `smtp://127.0.0.1:${port}`,
    close: () => server.close(() => {}),
  }
}

async function subject(): Promise<NotifierSubject> {
  const smtp = await startSmtp()
  const transport = smtpTransport(smtp.url)
  return {
    port: mailNotifier(transport, 'no-reply@b-ticketing.example'),
    received: () =>
      smtp.mails.map((mail, i) => ({
        to: (smtp.envelopes[i] ?? []).join(' and '),
        subject: mail.subject ?? '',
        text: mail.text ?? '',
        messageId: (mail.messageId ?? '').slice(1, -'@b-ticketing>'.length),
      })),
    receiver: smtp.receiver,
    close: () => {
      transport.close()
      smtp.close()
    },
  }
}

describe('over SMTP', () => {
  for (const { name, run } of notifierContract(subject)) test(name, run)
})

test('a mail goes out over SMTP with its Message-ID, and a comma in a name adds no recipient', async () => {
  const smtp = await startSmtp()
  const transport = smtpTransport(smtp.url)
  expect(await mailNotifier(transport, 'no-reply@b-ticketing.example').send(order())).toBe('sent')
  transport.close()
  smtp.close()
  expect(smtp.envelopes).toEqual([['fan@example.com']])
  expect(smtp.mails[0]).toMatchObject({
    messageId: '<notice-1@b-ticketing>',
    subject: '예매 완료',
    from: { address: 'no-reply@b-ticketing.example' },
    to: [{ address: 'fan@example.com', name: '김, 팬 <boss@example.com>' }],
  })
  expect(smtp.mails[0]?.text?.trim()).toBe('ReservationId=r1, 금액=34000')
})

test.each([
  ['its greeting', { onConnect: 'refused' }],
  ['our credentials', { onAuth: 'refused' }],
  ['our address as the sender', { onMailFrom: 'refused' }],
] as const)('a server that refuses %s (5xx) refuses us, not the mail: try later', async (_, refusing) => {
  const no = (...args: readonly unknown[]) =>
    (args.at(-1) as (error: Error) => void)(Object.assign(new Error('no'), { responseCode: 554 }))
  const handlers = Object.fromEntries(Object.keys(refusing).map((name) => [name, no]))
  const options = { authOptional: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true, ...handlers }
  const server = new SMTPServer(options)
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const transport = smtpTransport(`smtp://user:password@127.0.0.1:${port}`)
  expect(await mailNotifier(transport, 'a@example.com').send(order())).toBe('try-later')
  transport.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

test('no server at all means try later', async () => {
  const transport = smtpTransport('smtp://127.0.0.1:9')
  expect(await mailNotifier(transport, 'a@example.com').send(order())).toBe('try-later')
  transport.close()
})

test('without SMTP the mailbox keeps what would have been sent', async () => {
  const mailbox = createMailbox(2)
  const notifier = mailNotifier(
    mailboxTransport(mailbox, () => 7),
    'a@example.com',
  )
  for (const id of ['one', 'two', 'three']) expect(await notifier.send(order(id))).toBe('sent')
  expect(mailbox.messages()).toEqual([
    expect.objectContaining({ messageId: '<two@b-ticketing>' }),
    {
      to: 'fan@example.com',
      subject: '예매 완료',
      text: 'ReservationId=r1, 금액=34000',
      messageId: '<three@b-ticketing>',
      at: 7,
    },
  ])
})
