import { paymentText } from '@b-ticketing/core'
import { defineRoute, type Route } from '../http/route.ts'
import { json, ok } from './answers.ts'
import type { House } from './house.ts'
import { accepted, passQuery, paymentBody, paymentMessage, paymentParams, paymentStatus } from './schemas.ts'
import { paymentWire } from './wire.ts'

export function paymentRoutes({ engine: { payments } }: Pick<House, 'engine'>): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/payments',
      name: 'requestPayment',
      summary: 'Asks for a payment; it is processed afterwards',
      auth: 'pass',
      query: passQuery,
      body: paymentBody,
      idempotency: 'engine',
      replies: { 202: json('The request is stored as PENDING.', accepted) },
      problems: [
        'NOT_FOUND',
        'IDEMPOTENCY_KEY_REQUIRED',
        'IDEMPOTENCY_IN_FLIGHT',
        'IDEMPOTENCY_KEY_REUSED',
        'HOLD_EXPIRED',
        'PAYMENT_IN_PROGRESS',
        'ALREADY_PAID',
        'AMOUNT_MISMATCH',
      ],
      handle: async ({ pass, body, idempotencyKey, locale }) => {
        const { requestId } = await payments.request({
          pass,
          hold: { holdId: body.holdId },
          amount: body.amount,
          buyer: { email: body.email, locale, ...(body.name !== undefined && { name: body.name }) },
          paymentToken: body.paymentToken,
          idempotencyKey: idempotencyKey ?? '',
        })
        return {
          status: 202,
          headers: { location: `/payments/${requestId}/status` },
          body: { requestId, status: 'PENDING', message: pendingText(locale) },
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/payments/{requestId}/status',
      name: 'getPaymentStatus',
      summary: 'What became of a payment',
      auth: 'session',
      params: paymentParams,
      replies: { 200: json('The payment.', paymentStatus) },
      handle: async ({ params, visitor }) => ok(paymentWire(await payments.status({ ...params, visitor }))),
    }),
    defineRoute({
      method: 'GET',
      path: '/payments/{requestId}/message',
      name: 'getPaymentMessage',
      summary: 'The same in words',
      auth: 'session',
      params: paymentParams,
      replies: { 200: json('One line.', paymentMessage) },
      handle: async ({ params, visitor, locale }) => ({
        ...ok({ message: paymentText(await payments.status({ ...params, visitor }), locale) }),
        headers: { 'content-language': locale, vary: 'accept-language' },
      }),
    }),
    defineRoute({
      method: 'POST',
      path: '/payments/{requestId}/cancel',
      name: 'cancelPayment',
      summary: 'Stops a payment that is not decided yet',
      auth: 'session',
      params: paymentParams,
      idempotency: 'record',
      replies: { 202: json('Cancelled, or as good as the gateway allows.', paymentStatus) },
      problems: ['ALREADY_PAID', 'OUTCOME_UNKNOWN'],
      handle: async ({ params, visitor }) => ({
        status: 202,
        body: paymentWire(await payments.cancel({ ...params, visitor })),
      }),
    }),
  ]
}

/** The first answer and every replay of it say the same, whatever has happened since. */
const pendingText = (locale: 'ko' | 'en'): string =>
  paymentText({ status: 'PENDING', reservationId: null, amount: { value: 0, currency: 'KRW' }, reason: null }, locale)
