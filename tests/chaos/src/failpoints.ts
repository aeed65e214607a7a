import type { Failpoint } from './engine-talk.ts'

/** What the visitor does, and so which calls are made. */
export type Journey = 'buy' | 'wait' | 'decline' | 'cancel-payment' | 'refund' | 'release' | 'extend' | 'leave'

/**
 * A process is killed when this call has been made and its answer was not heard: between two calls nothing else happens, so
 * that the death before a call is the death after the one before it.
 */
export interface Step {
  readonly name: string
  readonly journey: Journey
  readonly door: string
  readonly method: string
  readonly asks?: readonly string[]
  readonly answers?: readonly string[]
  /** The step at which the process before it died: this one is made by the process that takes over. */
  readonly takesOverFrom?: string
}

const requested = '"topic":"payment-requested"'
const completed = '"topic":"payment-completed"'
const project = (state: string): readonly string[] => ['"do":"project"', `"state":"${state}"`]

/** Every call that the journeys rest on, in their order. */
export const steps: readonly Step[] = [
  { name: 'join the line', journey: 'buy', door: 'admissionQueue', method: 'join' },
  {
    ...{ name: 'admit from the line', journey: 'wait', door: 'admissionQueue', method: 'tick' },
    answers: ['"offered":1'],
  },
  { name: 'claim the pass', journey: 'wait', door: 'admissionQueue', method: 'claim', asks: ['"mode":"claim"'] },
  { name: 'check the pass', journey: 'buy', door: 'admissionQueue', method: 'claim', asks: ['"mode":"check"'] },
  { name: 'take the seats', journey: 'buy', door: 'seatInventory', method: 'commit', asks: ['"do":"take"'] },
  { name: 'write the hold behind', journey: 'buy', door: 'seatSource', method: 'saveHolds', asks: ['"is":"held"'] },
  { name: 'extend the hold', journey: 'extend', door: 'seatInventory', method: 'commit', asks: ['"do":"extend"'] },
  { name: 'release the hold', journey: 'release', door: 'seatInventory', method: 'commit', asks: ['"do":"release"'] },
  { name: 'pin the hold', journey: 'buy', door: 'seatInventory', method: 'commit', asks: ['"do":"pin"'] },
  { name: 'open the payment', journey: 'buy', door: 'bookingStore', method: 'open' },
  { name: 'show PAYING', journey: 'buy', door: 'seatInventory', method: 'commit', asks: project('PAYING') },
  { name: 'show PENDING', journey: 'buy', door: 'paymentView', method: 'put', asks: ['"status":"PENDING"'] },
  {
    ...{ name: 'lease the request', journey: 'buy', door: 'outbox', method: 'lease' },
    answers: [requested],
  },
  { name: 'publish the request', journey: 'buy', door: 'eventBus', method: 'publish', asks: [requested] },
  { name: 'mark the request', journey: 'buy', door: 'outbox', method: 'mark', asks: ['-payment-requested'] },
  { name: 'consume the request', journey: 'buy', door: 'eventBus', method: 'handle', asks: [requested] },
  { name: 'begin to charge', journey: 'buy', door: 'bookingStore', method: 'advance', asks: ['"to":"CHARGING"'] },
  { name: 'charge', journey: 'buy', door: 'gateway', method: 'charge' },
  { name: 'complete', journey: 'buy', door: 'bookingStore', method: 'advance', asks: ['"to":"COMPLETED"'] },
  { name: 'show COMPLETED', journey: 'buy', door: 'seatInventory', method: 'commit', asks: project('COMPLETED') },
  { name: 'show that it was paid', journey: 'buy', door: 'paymentView', method: 'put', asks: ['"status":"COMPLETED"'] },
  { name: 'publish the completion', journey: 'buy', door: 'eventBus', method: 'publish', asks: [completed] },
  { name: 'mark the completion', journey: 'buy', door: 'outbox', method: 'mark', asks: ['-payment-completed'] },
  { name: 'consume the completion', journey: 'buy', door: 'eventBus', method: 'handle', asks: [completed] },
  { name: 'add the notice', journey: 'buy', door: 'noticeStore', method: 'add' },
  {
    ...{ name: 'lease the notice', journey: 'buy', door: 'noticeStore', method: 'lease' },
    answers: ['"reservationId"'],
  },
  { name: 'send the mail', journey: 'buy', door: 'notifier', method: 'send' },
  { name: 'mark the notice', journey: 'buy', door: 'noticeStore', method: 'mark' },
  { name: 'leave the line', journey: 'leave', door: 'admissionQueue', method: 'leave' },
  { name: 'charge a card that is declined', journey: 'decline', door: 'gateway', method: 'charge' },
  { name: 'fail', journey: 'decline', door: 'bookingStore', method: 'advance', asks: ['"to":"FAILED"'] },
  { name: 'show free seats', journey: 'decline', door: 'seatInventory', method: 'commit', asks: project('AVAILABLE') },
  { name: 'cancel the charge', journey: 'cancel-payment', door: 'gateway', method: 'cancel' },
  {
    ...{ name: 'fail by cancellation', journey: 'cancel-payment', door: 'bookingStore', method: 'advance' },
    asks: ['"to":"FAILED"'],
  },
  {
    name: 'begin the refund',
    journey: 'refund',
    door: 'bookingStore',
    method: 'advance',
    asks: ['"refund":"PENDING"'],
  },
  { name: 'refund', journey: 'refund', door: 'gateway', method: 'refund' },
  { name: 'end the refund', journey: 'refund', door: 'bookingStore', method: 'advance', asks: ['"refund":"DONE"'] },
  {
    name: 'show refunded seats',
    journey: 'refund',
    door: 'seatInventory',
    method: 'commit',
    asks: project('AVAILABLE'),
  },
  {
    ...{ name: 'find a pin without a payment', journey: 'buy', takesOverFrom: 'pin the hold' },
    ...{ door: 'seatInventory', method: 'reap', answers: ['"stalePins":["'] },
  },
  {
    ...{ name: 'abandon a pin without a payment', journey: 'buy', takesOverFrom: 'pin the hold' },
    ...{ door: 'bookingStore', method: 'abandon' },
  },
  {
    ...{ name: 'unpin', journey: 'buy', takesOverFrom: 'pin the hold' },
    ...{ door: 'seatInventory', method: 'commit', asks: ['"do":"unpin"'] },
  },
  {
    ...{ name: 'find what is due', journey: 'buy', takesOverFrom: 'charge' },
    ...{ door: 'bookingStore', method: 'due', answers: ['"requestId"'] },
  },
  {
    ...{ name: 'ask the gateway', journey: 'buy', takesOverFrom: 'charge' },
    ...{ door: 'gateway', method: 'find' },
  },
]

export const failpointOf = ({ door, method, asks = [], answers = [] }: Step): Failpoint => ({
  ...{ door, method, asks, answers },
})

/** What the record may say of the payment in the end; null: there is none. Before the money was taken it may end either way. */
export function endsOf(step: Step): readonly (string | null)[] {
  if (step.journey === 'decline') return ['FAILED, card_declined']
  // By our own reason or, when the gateway had to be asked again, by its.
  if (step.journey === 'cancel-payment') return ['FAILED, CANCELLED', 'FAILED, cancelled']
  if (step.journey === 'refund') return ['COMPLETED, refund DONE']
  const at = (name: string): number => steps.findIndex((one) => one.name === name)
  const reached = at(step.takesOverFrom ?? step.name)
  if (step.journey !== 'buy' || reached < at('open the payment')) return [null]
  return reached < at('charge') ? ['COMPLETED', 'FAILED, TIMED_OUT'] : ['COMPLETED']
}
