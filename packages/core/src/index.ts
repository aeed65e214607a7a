export type { Booking, Buyer, PaymentRecord, PaymentStatus } from './booking/booking.ts'
export type { Bookings, Payments } from './booking/bookings.ts'
export { generateBallpark } from './catalogue/ballpark.ts'
export type { Schedules } from './catalogue/catalogue.ts'
export { importSeatsioChart } from './catalogue/import-seatsio.ts'
export { importVenue } from './catalogue/import-venue.ts'
export type { NewSchedule } from './catalogue/new-schedule.ts'
export { type SaleState, saleJumps, saleStates } from './catalogue/sale-state.ts'
export { defaultSettings, type SaleSettings, type ScheduleRecord } from './catalogue/schedule.ts'
export type { SeatMap, SeatPlace } from './catalogue/seat-map.ts'
export type { Grade, Row, Seat, Section, SectionKind, Venue } from './catalogue/venue.ts'
export { validateVenue } from './catalogue/venue-problems.ts'
export { createBookingEngine, type Engine } from './engine.ts'
export { type Adapters, type EngineOptions, type Role, roles } from './engine-options.ts'
export type { Lease, LeaseSet } from './locking/lock.ts'
export { createShardedLock, type ShardedLock } from './locking/sharded-lock.ts'
export { consumerGroups, type Message, type Topic, topics } from './messaging/message.ts'
export type { ParkedLetters } from './messaging/parked-letters.ts'
export type { Notice } from './notification/notice.ts'
export type { Notices } from './notification/notices.ts'
export type { PaymentState, PublicPaymentState, RefundState } from './payment/payment.ts'
export { renderStateTable, stateTable } from './payment/state-table.ts'
export {
  applyDelta,
  codeAt,
  countCodes,
  createAllocator,
  createSeatMap,
  demandCount,
  demandId,
  gradeOf,
  newId,
  packCodes,
  paymentText,
  renderNotice,
  venueCapacity,
} from './pure-functions.ts'
export type {
  Allocation,
  AllocationPolicy,
  AllocationRequest,
  AllocationResult,
  AllocationScore,
  Rung,
  Together,
} from './seating/allocator/allocation.ts'
export type { Allocator } from './seating/allocator/allocator.ts'
export type { HeldSeat, Hold, HoldRecord, Part } from './seating/hold.ts'
export {
  type MapDelta,
  type MapSnapshot,
  type PackedSection,
  type SeatChange,
  type SeatCode,
  type SeatState,
  seatStates,
} from './seating/occupancy.ts'
export type { AutoAssignRefusal, Seating, SeatRowState, SelectRefusal, TakenHold } from './seating/seating.ts'
export type { AuditRow } from './shared/audit.ts'
export { type ErrorCode, errorCodes, isTicketingError, TicketingError } from './shared/errors.ts'
export { isId } from './shared/ids.ts'
export type { Money } from './shared/money.ts'
export type { LogLevel, Observer } from './shared/observer.ts'
export type { Accepted, Outcome, Refused } from './shared/outcome.ts'
export { type Runtime, systemRuntime } from './shared/runtime.ts'
export type { TokenSecret } from './shared/token.ts'
export type { Id, Ms, Page, Version } from './shared/types.ts'
export { type DrawDisclosure, verifyDraw } from './waiting-room/draw.ts'
export type { Pass, PassClaims } from './waiting-room/pass.ts'
export type { QueueTicket } from './waiting-room/queue-ticket.ts'
export type { Sessions } from './waiting-room/session.ts'
export type { LineCounts, QueueMember, QueuePlace, QueueStatus, WaitingRoom } from './waiting-room/waiting-room.ts'
