import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { generateBallpark, type SaleSettings, systemRuntime, type Venue } from '@b-ticketing/core'
import { createScriptedGateway } from '@b-ticketing/core/memory'
import type { GatewayWebhook } from '@b-ticketing/core/ports'
import { createFaultProxy, type FaultProxy } from '@b-ticketing/services'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { catchMail, type MailCatcher } from '../../../examples/server/demo/mail-catcher.ts'
import { type MysqlBooks, openMysqlBooks } from '../../../examples/server/demo/mysql-books.ts'
import { sandboxServer } from '../../../examples/server/src/gateway/sandbox.ts'

/** The world around the processes of a sale that outlives them: the record, the gateway with its ledger, the mailbox. */
export interface Ground {
  readonly scheduleId: string
  readonly venue: Venue
  readonly settings: Partial<SaleSettings>
  readonly redisUrl: string
  readonly mysqlUrl: string
  readonly gateway: Gateway
  readonly mail: MailCatcher
  /** What stands in front of the two. */
  readonly proxies: { readonly gateway: FaultProxy; readonly smtp: FaultProxy }
  readonly gatewayUrl: string
  readonly smtpUrl: string
  readonly books: MysqlBooks
  rows<Row>(sql: string): Promise<readonly Row[]>
  close(): Promise<void>
}

export async function openGround(p: {
  readonly scheduleId: string
  readonly seats: number
  readonly settings: Partial<SaleSettings>
  readonly redisUrl: string
  readonly mysqlUrl: string
  readonly hear?: (webhook: GatewayWebhook) => Promise<void>
}): Promise<Ground> {
  const [gateway, mail] = await Promise.all([openGateway(p.hear), catchMail()])
  const proxies = {
    gateway: await createFaultProxy({ host: '127.0.0.1', port: gateway.port }),
    smtp: await createFaultProxy({ host: '127.0.0.1', port: Number(new URL(mail.url).port) }),
  }
  const books = openMysqlBooks(p.mysqlUrl)
  const pool: Pool = createPool({ uri: p.mysqlUrl, connectionLimit: 2 })
  const { scheduleId, settings, redisUrl, mysqlUrl } = p
  return {
    ...{ scheduleId, settings, redisUrl, mysqlUrl, gateway, mail, proxies, books },
    gatewayUrl: `http://127.0.0.1:${proxies.gateway.port}`,
    smtpUrl: `smtp://127.0.0.1:${proxies.smtp.port}`,
    venue: generateBallpark({ seats: p.seats, sections: 4, venueId: `${scheduleId}-park` }),
    rows: async <Row>(sql: string) => (await pool.query<(Row & RowDataPacket)[]>(sql))[0],
    close: async () => {
      await Promise.all([proxies.gateway.close(), proxies.smtp.close()])
      await Promise.all([gateway.close(), mail.close(), books.close(), pool.end()])
    },
  }
}

/** The sandbox provider over HTTP; its ledger lies here, out of reach of every process of the sale. */
export type Gateway = Awaited<ReturnType<typeof openGateway>>

async function openGateway(hear?: (webhook: GatewayWebhook) => Promise<void>) {
  const gateway = createScriptedGateway({ runtime: systemRuntime, ...(hear && { deliver: hear }) })
  const server = sandboxServer(gateway).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    ledger: gateway.ledger,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
