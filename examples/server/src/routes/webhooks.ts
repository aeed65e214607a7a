import type { GatewayEvent } from '@b-ticketing/core/ports'
import { verify } from '../gateway/signature.ts'
import { parseJson } from '../http/body.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { HttpProblem } from '../problem.ts'
import { json, ok } from './answers.ts'
import type { House } from './house.ts'
import { received, webhookEvent } from './schemas.ts'

export function webhookRoutes(house: Pick<House, 'engine' | 'webhookSecret' | 'now'>): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/webhooks/payments',
      name: 'receivePaymentWebhook',
      summary: 'The gateway’s call (Standard Webhooks)',
      auth: 'open',
      body: webhookEvent,
      rawBody: true,
      bodyLimit: 64 * 1024,
      idempotency: 'none',
      replies: { 200: json('Taken in, now or before.', received) },
      problems: ['SIGNATURE_INVALID', 'INVALID', 'BUSY'],
      handle: async ({ rawBody, headers }) => {
        const genuine = verify({ secret: house.webhookSecret, headers, body: rawBody, nowMs: house.now() })
        if (!genuine) throw new HttpProblem('SIGNATURE_INVALID', 'the signature does not fit the body')
        const event = eventOf(rawBody, headers['content-type'])
        const { requestId } = event
        // A signature shows who called; `settle` asks the gateway what is true, so a repeat or a forgery changes nothing.
        return ok({ result: await house.engine.payments.settle({ requestId, event, source: 'webhook' }) })
      },
    }),
  ]
}

function eventOf(bytes: Buffer, contentType: string | undefined): GatewayEvent {
  const parsed = webhookEvent.safeParse(parseJson({ bytes, contentType, contentEncoding: undefined }))
  if (!parsed.success) throw new HttpProblem('INVALID', 'not an event of a payment')
  const { type, data } = parsed.data
  const { reason, ...event } = data
  return { type, ...event, ...(reason !== undefined && { reason }) }
}
