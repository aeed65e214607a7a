import type { Booking, PaymentState, RefundState } from '@b-ticketing/core/ports'
import type { Generated } from 'kysely'

/** See migrations/0002-booking.sql. A payment without `seq` is a tombstone, and null where it may be. */
export interface BookingTables {
  bt_claim: { schedule_id: string; section: string; seat: number; request_id: string }
  bt_payment: {
    request_id: string
    seq: number | null
    reservation_id: string
    schedule_id: string
    visitor: string
    idempotency_key: Buffer
    fingerprint: string
    hold_id: string
    holder: string
    hold: string
    buyer: string
    payment_token: string | null
    amount: number
    currency: string
    state: PaymentState
    reason: string | null
    refund: RefundState
    version: number
    record_version: number
    attempts: number
    created_at: number
    updated_at: number
    charge_until: number
    due_at: number | null
  }
  bt_history: {
    record_version: Generated<number>
    request_id: string | null
    version: number | null
    at: number
    from_state: PaymentState | null
    to_state: PaymentState | null
    refund: RefundState | null
    event: string
  }
  bt_reservation: {
    reservation_id: string
    request_id: string
    state: Booking['state']
    refund: RefundState
    created_at: number
  }
  bt_inbox: { consumer: string; event_id: string; at: number }
  bt_outbox: {
    seq: Generated<number>
    lane: number
    event_id: string
    topic: string
    message_key: string
    message_schema: number
    at: number
    data: string
  }
  bt_outbox_lane: { lane: number; token: string | null; leased_until: number }
}
