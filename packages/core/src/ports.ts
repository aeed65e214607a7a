// What an adapter author imports: every port and the nouns they speak of. Types only.

export type { Booking, Buyer, HistoryRow, HoldSnapshot, PaymentRecord, PaymentStatus } from './booking/booking.ts'
export type {
  Advance,
  AdvanceReply,
  BookingStore,
  OpenReply,
  OpenRequest,
  PaymentKey,
} from './booking/booking-store.port.ts'
export type { PaymentView } from './booking/payment-view.port.ts'
export type { Catalogue } from './catalogue/catalogue.port.ts'
export type { SaleState } from './catalogue/sale-state.ts'
export type { SaleChange, SaleDraw, SaleSettings, Schedule, ScheduleRecord } from './catalogue/schedule.ts'
export type { Grade, Row, Seat, Section, Venue } from './catalogue/venue.ts'
export type { Adapters } from './engine-options.ts'
export type { FenceSource } from './locking/fence-source.port.ts'
export type { LockGrant, LockRefusal, LockStore } from './locking/lock-store.port.ts'
export type { AnswerStore, KeptAnswer } from './messaging/answer-store.port.ts'
export type { ChangeFeed } from './messaging/change-feed.port.ts'
export type { DeadLetter, DeadLetters, UnreadableRecord, WebhookBody } from './messaging/dead-letters.port.ts'
export type { EventBus, HandleReply, PublishReply, Subscription } from './messaging/event-bus.port.ts'
export type { Message, Topic } from './messaging/message.ts'
export type { Outbox, OutboxRow } from './messaging/outbox.port.ts'
export type { Notice } from './notification/notice.ts'
export type { LeasedNotice, NoticeResult, NoticeStore } from './notification/notice-store.port.ts'
export type { Notifier } from './notification/notifier.port.ts'
export type { PaymentState, RefundState } from './payment/payment.ts'
export type { GatewayAnswer, GatewayEvent, GatewayWebhook, PaymentGateway } from './payment/payment-gateway.port.ts'
export type { Claim } from './seating/claim.ts'
export type { HeldSeat, HoldRecord, Part } from './seating/hold.ts'
export type { ChangeOrigin, MapDelta, MapSnapshot, PackedSection, SeatChange, SeatCode } from './seating/occupancy.ts'
export type {
  HoldKey,
  SeatCommand,
  SeatInventory,
  SeatNews,
  SeatOwner,
  SeatReply,
} from './seating/seat-inventory.port.ts'
export type { HoldChange, SeatSource, SectionState } from './seating/seat-source.port.ts'
export type { AuditNote, AuditRow } from './shared/audit.ts'
export type { Money } from './shared/money.ts'
export type { Runtime } from './shared/runtime.ts'
export type { Id, Ms, Page, Version } from './shared/types.ts'
export type { AdmissionQueue, JoinReply, PlaceReply, Recover } from './waiting-room/admission-queue.port.ts'
export type { GroupSegment } from './waiting-room/group.ts'
export type { LineCounts, LineDocument, LineDraw, QueueMember, Slice } from './waiting-room/line.ts'
export type { Place } from './waiting-room/queue-ticket.ts'
