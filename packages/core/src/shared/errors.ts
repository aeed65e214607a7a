/**
 * Every code an engine answers with. The list is public: a code is never renamed, an HTTP status never appears here.
 * Seating's refusals (`SEAT_TAKEN` …) are results; what has no way on for the caller is thrown as a TicketingError.
 */
export const errorCodes = [
  // input
  'INVALID',
  'QUANTITY_INVALID',
  'SEAT_DUPLICATE',
  'SEAT_UNKNOWN',
  'NOT_FOUND',
  'EXISTS',
  // credentials
  'TICKET_INVALID',
  'EPOCH_OVER',
  'PASS_REQUIRED',
  'PASS_EXPIRED',
  // sale
  'SALE_CLOSED',
  'STATE_JUMP',
  'VERSION_STALE',
  // seats
  'SEAT_TAKEN',
  'SEATS_UNAVAILABLE',
  'SEAT_OWNED',
  'HOLD_LIMIT',
  'HOLD_COOLDOWN',
  'HOLD_EXPIRED',
  // payment
  'IDEMPOTENCY_KEY_REQUIRED',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_IN_FLIGHT',
  'AMOUNT_MISMATCH',
  'PAYMENT_IN_PROGRESS',
  'ALREADY_PAID',
  'OUTCOME_UNKNOWN',
  // faults
  'POLL_TOO_EARLY',
  'BUSY',
  'LOCK_LOST',
  'LOCK_BUSY',
  'CONFIG_INVALID',
  'STORE_FAULT',
  'CLOSED',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** The one error class of the engine. `details` is safe to show to the caller; `cause` is not. */
export class TicketingError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  /** When the same call may be tried again, in ms; absent when repeating does not help. */
  declare readonly retryInMs?: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>>; retryInMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TicketingError'
    this.code = code
    this.details = options.details ?? {}
    if (options.retryInMs !== undefined) this.retryInMs = options.retryInMs
  }
}

/** True for an error of this engine, also when two copies of the package are loaded. */
export const isTicketingError = (error: unknown): error is TicketingError =>
  error instanceof Error && error.name === 'TicketingError' && 'code' in error

/** A store or broker that cannot answer: nothing was sold, charged or admitted. */
export const busy = (message: string, retryInMs = 1_000, cause?: unknown): TicketingError =>
  new TicketingError('BUSY', message, { retryInMs, cause })
