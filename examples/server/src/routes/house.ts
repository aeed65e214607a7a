import type { Engine } from '@b-ticketing/core'
import type { LedgerRow } from '../gateway/sandbox.ts'
import type { Mail } from '../mail/mailbox.ts'

/** What the handlers stand in: the engine and the few things that only a server has. */
export interface House {
  readonly engine: Engine
  readonly production: boolean
  readonly adminToken: string | null
  readonly webhookSecret: string
  /** Mails kept here when no SMTP server is set; null: they went out. */
  readonly mailbox: (() => readonly Mail[]) | null
  /** Books of the gateway in this process; null: it has a process of its own. */
  readonly ledger: (() => readonly LedgerRow[]) | null
  readonly now: () => number
  readonly draining: () => boolean
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>
  readonly checks: Checks
}

/** Dependencies by name. */
export type Checks = Readonly<Record<string, Check>>

export interface Check {
  /** Resolves when the dependency answers. */
  readonly ask: () => Promise<unknown>
  /** This process can serve without it: it is shown, and no more. */
  readonly optional?: boolean
}
