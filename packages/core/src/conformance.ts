export { type BookingStoreSubject, bookingStoreContract } from './booking/booking-store.contract.ts'
export { paymentViewContract } from './booking/payment-view.contract.ts'
export { type CatalogueSubject, catalogueContract } from './catalogue/catalogue.contract.ts'
export { type FenceSourceSubject, fenceSourceContract } from './locking/fence-source.contract.ts'
export { type LockStoreSubject, lockStoreContract } from './locking/lock-store.contract.ts'
export { type AnswerStoreSubject, answerStoreContract } from './messaging/answer-store.contract.ts'
export { type ChangeFeedSubject, changeFeedContract } from './messaging/change-feed.contract.ts'
export { type DeadLettersSubject, deadLettersContract } from './messaging/dead-letters.contract.ts'
export { type EventBusSubject, eventBusContract } from './messaging/event-bus.contract.ts'
export { type OutboxSubject, outboxContract } from './messaging/outbox.contract.ts'
export { type NoticeStoreSubject, noticeStoreContract } from './notification/notice-store.contract.ts'
export { type NotifierSubject, notifierContract, type ReceivedMail } from './notification/notifier.contract.ts'
export { type GatewaySubject, paymentGatewayContract } from './payment/payment-gateway.contract.ts'
export type { SeatInventorySubject } from './seating/inventory-subject.contract.ts'
export { seatInventoryContract } from './seating/seat-inventory.contract.ts'
export { type SeatSourceSubject, seatSourceContract } from './seating/seat-source.contract.ts'
export {
  type Audited,
  type ContractCase,
  type ManualRuntime,
  manualRuntime,
  type Subject,
  type SubjectFactory,
} from './shared/contract.ts'
export { type AdmissionQueueSubject, admissionQueueContract } from './waiting-room/admission-queue.contract.ts'
