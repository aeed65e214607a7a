import type { Observer } from '../shared/observer.ts'
import type { Id } from '../shared/types.ts'

/** Tells an operator of a payment that the rules alone cannot bring to its end. */
export type Alert = (kind: string, requestId: Id, fields?: Readonly<Record<string, unknown>>) => void

export const createAlert =
  (observer: Observer): Alert =>
  (kind, requestId, fields = {}) => {
    observer.count('payment_alerts', { kind })
    observer.log('error', 'payment needs attention', { kind, requestId, ...fields })
  }
