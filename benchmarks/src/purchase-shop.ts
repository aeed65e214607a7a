import type { Venue } from '@b-ticketing/core'
import type { RecordStand } from './mysql-stand.ts'
import type { RedisStand } from './redis-stand.ts'

/** What a shop stands on. */
export interface Ground {
  readonly redis: RedisStand
  /** Empty. */
  readonly record: RecordStand
  readonly brokers: string[]
  readonly venue: Venue
  /** Another for each shop: before its keys and topics. */
  readonly name: string
}

/** One contender, a whole house from the line to the mail, with one sale that is open. */
export interface Shop {
  /** A visitor's whole way, from joining to the end of the payment: its last state. */
  buy(party: Party): Promise<string>
  /** How many mails were sent. */
  mails(): number
  books(): Promise<Books>
  close(): Promise<void>
}

export interface Party {
  /** Counted from 0. */
  readonly number: number
  readonly visitor: string
  readonly quantity: number
}

/** What record, seats, gateway and mailbox have of the sale. */
export interface Books {
  /** Payments that are COMPLETED, with their reservation. */
  readonly purchases: readonly {
    readonly requestId: string
    readonly seats: readonly string[]
    readonly amount: number
  }[]
  /** Seats that the record has as somebody's. */
  readonly claimed: readonly string[]
  readonly mails: number
  /** How many seats the fast store shows as sold. */
  readonly shown: number
  readonly charges: readonly { readonly requestId: string; readonly amount: number }[]
}
