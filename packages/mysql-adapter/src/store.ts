import type { MysqlClient } from './mysql-client.ts'
import type { Transactions } from './transaction.ts'

/** What every door of this package stands on. */
export interface Store extends Transactions {
  readonly client: MysqlClient
}
