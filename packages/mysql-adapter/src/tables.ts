import type { SaleState } from '@b-ticketing/core/ports'
import type { Generated } from 'kysely'
import type { BookingTables } from './booking-tables.ts'

/** The rows of the database as the migrations make them. Instants and versions are BIGINT: read them with `integer`. */
export interface Tables extends BookingTables {
  bt_venue: { venue_id: string; document: string }
  bt_schedule: {
    seq: Generated<number>
    schedule_id: string
    venue_id: string
    state: SaleState
    version: number
    epoch: string
    ceiling: number
    incarnation: number
    document: string
  }
  bt_audit: { seq: Generated<number>; at: number; by_whom: string; action: string; subject: string; detail: string }
  bt_fence_epoch: { resource: string; epoch: number }
  bt_hold: {
    hold_id: string
    schedule_id: string
    version: number
    expires_at: number | null
    document: string | null
    kept_until: number
  }
  bt_seat_block: { schedule_id: string; section: string; seat: number; blocked: number; record_version: number }
  bt_created_seats: { schedule_id: string; section: string; created: number }
  bt_created_seat: { schedule_id: string; section: string; seat: number; operation_id: string }
  bt_dead_letter: {
    seq: Generated<number>
    letter_id: string
    at: number
    source: string
    reason: string
    message: string
    replayed_at: number | null
    replayed_by: string | null
  }
  bt_answer: { answer_key: string; fingerprint: string; answer: string; at: number }
  bt_notice: {
    seq: Generated<number>
    notice_id: string
    reservation_id: string
    template: string
    copy: number
    document: string
    state: 'due' | 'sent' | 'refused'
    due_at: number
    token: string | null
    attempts: number
    error: string | null
  }
}
