import type { GatewayEvent } from '../payment/payment-gateway.port.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'

const types: readonly string[] = [
  'charge.succeeded',
  'charge.failed',
  'charge.canceled',
  'refund.succeeded',
  'refund.failed',
] satisfies readonly GatewayEvent['type'][]

const longestReason = 200

/** @throws TicketingError `INVALID` for anything but a gateway event. */
export function demandEvent(value: unknown): GatewayEvent {
  const { type, key, requestId, amount, reason } = (value ?? {}) as Readonly<Record<string, unknown>>
  const { value: units, currency } = (amount ?? {}) as Readonly<Record<string, unknown>>
  const known = typeof type === 'string' && types.includes(type)
  const money = Number.isSafeInteger(units) && (units as number) >= 0 && /^[A-Z]{3}$/.test(String(currency))
  if (!known || !money || (reason !== undefined && typeof reason !== 'string')) {
    throw new TicketingError('INVALID', 'this is no event of a payment gateway')
  }
  return {
    type: type as GatewayEvent['type'],
    key: demandId(key, 'event.key'),
    requestId: demandId(requestId, 'event.requestId'),
    amount: { value: units as number, currency: currency as string },
    ...(reason !== undefined && { reason: reason.slice(0, longestReason) }),
  }
}
