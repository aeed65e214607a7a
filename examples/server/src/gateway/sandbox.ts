import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Money } from '@b-ticketing/core'
import type { PaymentGateway } from '@b-ticketing/core/ports'
import { z } from 'zod'
import { parseJson, readBody } from '../http/body.ts'
import { HttpProblem, problems } from '../problem.ts'

/** One movement of money, or of a promise about it, as the provider's own books show it. */
export interface LedgerRow {
  readonly at: number
  readonly type: 'charge' | 'cancel' | 'refund'
  readonly key: string
  readonly requestId: string
  readonly amount: Money
  readonly status: string
}

export interface BookkeepingGateway extends PaymentGateway {
  ledger(): readonly LedgerRow[]
}

export const ledgerWire = (rows: readonly LedgerRow[]) => ({
  entries: rows.map(({ at, type, key, requestId, amount, status }) => ({
    at: new Date(at).toISOString(),
    type,
    key,
    requestId,
    amount,
    status,
  })),
})

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const amount = z.strictObject({ value: z.int().min(0), currency: z.string().regex(/^[A-Z]{3}$/) })

const bodies = {
  '/charges': z.strictObject({ key: id, requestId: id, amount, paymentToken: z.string().min(1).max(200) }),
  '/cancellations': z.strictObject({ key: id, requestId: id }),
  '/refunds': z.strictObject({ key: id, chargeKey: id, requestId: id, amount }),
}

/**
 * The sandbox provider's HTTP API: `POST /charges`, `GET /charges/{key}`, `POST /cancellations`, `POST /refunds`, `GET /ledger`
 * and `GET /livez`. Answers are the port's own words, so that its client has nothing to interpret.
 */
export function sandboxServer(gateway: BookkeepingGateway): Server {
  const server = createServer((req, res) => {
    // Once per answer: the connection outlives it.
    const left = new AbortController()
    res.once('close', () => left.abort())
    void answer(gateway, req, left.signal).then(
      (body) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => {
        const code = error instanceof HttpProblem ? error.code : error instanceof z.ZodError ? 'INVALID' : 'INTERNAL'
        res.writeHead(problems[code].status, { 'content-type': 'application/problem+json' })
        res.end(JSON.stringify({ status: problems[code].status, code, title: problems[code].en }))
      },
    )
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 15_000
  return server
}

async function answer(gateway: BookkeepingGateway, req: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  const { method, url = '/' } = req
  if (method === 'GET' && url === '/livez') return { status: 'alive' }
  if (method === 'GET' && url === '/ledger') return ledgerWire(gateway.ledger())
  if (method === 'GET' && url.startsWith('/charges/')) return gateway.find({ key: id.parse(url.slice(9)) })
  if (method !== 'POST') throw new HttpProblem('NOT_FOUND', 'there is nothing here')
  switch (url) {
    case '/charges':
      return gateway.charge({ ...(await read(req, bodies[url])), signal })
    case '/cancellations':
      return { is: await gateway.cancel(await read(req, bodies[url])) }
    case '/refunds':
      return gateway.refund(await read(req, bodies[url]))
    default:
      throw new HttpProblem('NOT_FOUND', 'there is nothing here')
  }
}

async function read<Schema extends z.ZodType>(req: IncomingMessage, schema: Schema): Promise<z.output<Schema>> {
  const bytes = await readBody(req, 16 * 1024)
  return schema.parse(parseJson({ bytes, contentType: req.headers['content-type'], contentEncoding: undefined }))
}
