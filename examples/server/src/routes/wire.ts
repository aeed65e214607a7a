import type {
  Booking,
  DrawDisclosure,
  Hold,
  Money,
  PaymentStatus,
  QueueStatus,
  ScheduleRecord,
  SeatChange,
  Venue,
} from '@b-ticketing/core'

/** Nouns of the house as the wire spells them. */

export const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export const scheduleWire = (record: ScheduleRecord) => ({
  scheduleId: record.scheduleId,
  name: record.name,
  venueId: record.venueId,
  startsAt: isoOrNull(record.startsAt),
  opensAt: isoOrNull(record.opensAt),
  saleState: record.state,
  currency: record.currency,
})

export const scheduleDetailWire = (record: ScheduleRecord, venue: Venue, draw: DrawDisclosure | null) => ({
  ...scheduleWire(record),
  grades: venue.grades.map((grade) => ({
    id: grade.id,
    label: grade.label,
    price: priceOf(record, grade.id),
    ...(grade.color !== undefined && { color: grade.color }),
  })),
  maxSeatsPerVisitor: record.settings.maxSeatsPerVisitor,
  holdTtlSeconds: record.settings.holdTtlSeconds,
  groupSize: record.settings.groupSize,
  draw: draw && {
    policy: draw.policy,
    commitment: draw.commitment,
    n: draw.n,
    beacon: draw.beacon,
    secret: draw.secret,
  },
})

export const priceOf = (record: ScheduleRecord, grade: string): Money => ({
  value: record.prices[grade] ?? 0,
  currency: record.currency,
})

export const venueWire = (venue: Venue) => ({
  venueId: venue.venueId,
  name: venue.name,
  sections: venue.sections.map((section) => ({
    id: section.id,
    label: section.label,
    kind: section.kind,
    grade: section.grade,
    x: section.x,
    y: section.y,
    capacity: section.capacity,
    rows: section.rows.map((row) => ({
      id: row.id,
      label: row.label,
      seats: row.seats.map((seat) => ({
        seatId: seat.seatId,
        label: seat.label,
        x: seat.x,
        y: seat.y,
        position: seat.position,
        ...(seat.accessible && { accessible: true }),
      })),
    })),
  })),
})

export function queueStatusWire(status: QueueStatus) {
  const place = {
    scheduleId: status.scheduleId,
    documentVersion: status.documentVersion,
    state: status.state,
    number: status.number,
    group: status.group,
    currentGroup: status.currentGroup,
    ahead: status.ahead,
    nextPollMs: status.nextPollMs,
    eta: status.eta,
  }
  if (status.state !== 'admitted') return place
  const { token, expiresAt } = status.pass
  return { ...place, redirectUrl: '/seats/sections', pass: token, passExpiresAt: iso(expiresAt) }
}

export const holdWire = (hold: Hold) => ({
  holdId: hold.holdId,
  version: hold.version,
  scheduleId: hold.scheduleId,
  state: 'RESERVED' as const,
  seats: hold.seats,
  amount: hold.amount,
  expiresAt: iso(hold.expiresAt),
})

export const changeWire = ({ section, seat, code }: SeatChange) => [section, seat, code] as const

export const paymentWire = (payment: PaymentStatus) => ({
  requestId: payment.requestId,
  status: payment.status,
  reason: payment.reason,
  reservationId: payment.reservationId,
  amount: payment.amount,
  refund: payment.refund,
  updatedAt: iso(payment.updatedAt),
})

export const reservationWire = (booking: Booking) => ({
  reservationId: booking.reservationId,
  requestId: booking.requestId,
  scheduleId: booking.scheduleId,
  state: booking.state,
  seats: booking.seats,
  amount: booking.amount,
  refund: booking.refund,
  createdAt: iso(booking.createdAt),
})
