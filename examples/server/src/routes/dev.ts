import { ledgerWire } from '../gateway/sandbox.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { json, ok } from './answers.ts'
import type { House } from './house.ts'
import { ledger, mailbox } from './schemas.ts'
import { iso } from './wire.ts'

/** Windows into what is embedded, outside production only. */
export function devRoutes(house: Pick<House, 'production' | 'mailbox' | 'ledger'>): readonly Route[] {
  if (house.production) return []
  const { mailbox: mails, ledger: rows } = house
  const mailRoute =
    mails &&
    defineRoute({
      method: 'GET',
      path: '/dev/mail',
      name: 'devMail',
      summary: 'Mails that would have been sent',
      auth: 'open',
      replies: { 200: json('Oldest first.', mailbox) },
      handle: () => ok({ messages: mails().map((mail) => ({ ...mail, at: iso(mail.at) })) }),
    })
  const ledgerRoute =
    rows &&
    defineRoute({
      method: 'GET',
      path: '/dev/ledger',
      name: 'devLedger',
      summary: 'The books of the sandbox gateway',
      auth: 'open',
      replies: { 200: json('Oldest first.', ledger) },
      handle: () => ok(ledgerWire(rows())),
    })
  return [mailRoute, ledgerRoute].filter((route) => route !== null)
}
