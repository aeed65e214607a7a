import { type ErrorCode, isTicketingError } from '@b-ticketing/core'
import type { Locale } from './http/language.ts'

/** Codes that only a server has; the rest are the engine's. */
export type HttpCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'SIGNATURE_INVALID'
  | 'ORIGIN_REFUSED'
  | 'SCHEDULE_AMBIGUOUS'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'CONTENT_TYPE'
  | 'TOO_MANY_REQUESTS'
  | 'INTERNAL'

export type ProblemCode = ErrorCode | HttpCode

/** A refusal of the server itself, before any room was asked. `details` is shown to the caller. */
export class HttpProblem extends Error {
  readonly code: ProblemCode
  readonly details: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly retryInMs: number | undefined

  constructor(
    code: ProblemCode,
    message: string,
    options: {
      cause?: unknown
      details?: Readonly<Record<string, unknown>>
      headers?: Readonly<Record<string, string>>
      retryInMs?: number
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HttpProblem'
    this.code = code
    this.details = options.details ?? {}
    this.headers = options.headers ?? {}
    this.retryInMs = options.retryInMs
  }
}

interface Kind {
  readonly status: number
  readonly ko: string
  readonly en: string
}

/** The one place where codes meet HTTP: status and title of each. */
export const problems: Readonly<Record<ProblemCode, Kind>> = {
  INVALID: { status: 422, ko: '입력값이 올바르지 않습니다.', en: 'The request is not valid.' },
  QUANTITY_INVALID: { status: 422, ko: '좌석 수가 올바르지 않습니다.', en: 'That number of seats is not possible.' },
  SEAT_DUPLICATE: { status: 422, ko: '같은 좌석이 두 번 선택되었습니다.', en: 'A seat was named twice.' },
  SEAT_UNKNOWN: { status: 404, ko: '존재하지 않는 좌석입니다.', en: 'There is no such seat.' },
  NOT_FOUND: { status: 404, ko: '찾을 수 없습니다.', en: 'Not found.' },
  EXISTS: { status: 409, ko: '이미 존재합니다.', en: 'It exists already.' },
  TICKET_INVALID: { status: 401, ko: '대기표가 유효하지 않습니다.', en: 'The queue ticket is not valid.' },
  EPOCH_OVER: {
    status: 410,
    ko: '대기열이 초기화되었습니다. 다시 줄을 서 주세요.',
    en: 'The line was reset: join again.',
  },
  PASS_REQUIRED: { status: 401, ko: '입장권이 필요합니다.', en: 'A pass is required.' },
  PASS_EXPIRED: { status: 403, ko: '입장 시간이 만료되었습니다.', en: 'The pass has expired.' },
  SALE_CLOSED: { status: 409, ko: '판매가 종료되었습니다.', en: 'The sale is closed.' },
  STATE_JUMP: { status: 409, ko: '허용되지 않는 상태 변경입니다.', en: 'The sale cannot change to that state.' },
  VERSION_STALE: { status: 409, ko: '그 사이 변경되었습니다.', en: 'It has changed in the meantime.' },
  SEAT_TAKEN: { status: 409, ko: '이미 예약된 좌석입니다.', en: 'The seat is already reserved.' },
  SEATS_UNAVAILABLE: {
    status: 409,
    ko: '요청한 좌석 수를 자동 배정할 수 없습니다.',
    en: 'The requested number of seats cannot be assigned.',
  },
  SEAT_OWNED: { status: 409, ko: '이미 주인이 있는 좌석입니다.', en: 'The seat has an owner.' },
  HOLD_LIMIT: { status: 409, ko: '1인당 좌석 수를 초과했습니다.', en: 'That is more than one visitor may have.' },
  HOLD_COOLDOWN: { status: 429, ko: '잠시 후 다시 선택해 주세요.', en: 'Wait a moment before choosing again.' },
  HOLD_EXPIRED: { status: 409, ko: '좌석 선점 시간이 만료되었습니다.', en: 'The hold has expired.' },
  IDEMPOTENCY_KEY_REQUIRED: { status: 400, ko: 'Idempotency-Key가 필요합니다.', en: 'Idempotency-Key is required.' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    ko: 'Idempotency-Key가 다른 요청에 이미 사용되었습니다.',
    en: 'This Idempotency-Key was used for another request.',
  },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    ko: '같은 요청을 처리하는 중입니다.',
    en: 'The same request is still running.',
  },
  AMOUNT_MISMATCH: { status: 422, ko: '금액이 일치하지 않습니다.', en: 'The amount does not match.' },
  PAYMENT_IN_PROGRESS: { status: 409, ko: '결제가 이미 진행 중입니다.', en: 'A payment is already running.' },
  ALREADY_PAID: { status: 409, ko: '이미 결제되었습니다.', en: 'It is already paid.' },
  OUTCOME_UNKNOWN: {
    status: 409,
    ko: '결제 결과를 확인하는 중입니다.',
    en: 'The outcome of the payment is being checked.',
  },
  POLL_TOO_EARLY: { status: 429, ko: '조금 뒤에 다시 확인해 주세요.', en: 'Ask again a little later.' },
  BUSY: { status: 503, ko: '잠시 후 다시 시도해 주세요.', en: 'Try again in a moment.' },
  LOCK_LOST: { status: 503, ko: '잠시 후 다시 시도해 주세요.', en: 'Try again in a moment.' },
  LOCK_BUSY: { status: 503, ko: '잠시 후 다시 시도해 주세요.', en: 'Try again in a moment.' },
  STORE_FAULT: { status: 503, ko: '잠시 후 다시 시도해 주세요.', en: 'Try again in a moment.' },
  CLOSED: { status: 503, ko: '서버가 종료되는 중입니다.', en: 'The server is shutting down.' },
  CONFIG_INVALID: { status: 500, ko: '서버 오류가 발생했습니다.', en: 'Something went wrong here.' },
  BAD_REQUEST: { status: 400, ko: '잘못된 요청입니다.', en: 'The request could not be read.' },
  UNAUTHORIZED: { status: 401, ko: '운영자 인증이 필요합니다.', en: 'The operator token is required.' },
  SIGNATURE_INVALID: { status: 401, ko: '서명이 유효하지 않습니다.', en: 'The signature is not valid.' },
  ORIGIN_REFUSED: { status: 403, ko: '다른 출처의 요청은 허용되지 않습니다.', en: 'Another origin may not do this.' },
  SCHEDULE_AMBIGUOUS: {
    status: 409,
    ko: '어느 경기인지 scheduleId로 지정해 주세요.',
    en: 'Name the sale with scheduleId.',
  },
  METHOD_NOT_ALLOWED: { status: 405, ko: '허용되지 않는 메서드입니다.', en: 'This method is not allowed here.' },
  BODY_TOO_LARGE: { status: 413, ko: '요청 본문이 너무 큽니다.', en: 'The body is too large.' },
  CONTENT_TYPE: { status: 415, ko: 'application/json으로 보내 주세요.', en: 'Send application/json.' },
  TOO_MANY_REQUESTS: { status: 429, ko: '요청이 너무 많습니다.', en: 'Too many requests.' },
  INTERNAL: { status: 500, ko: '서버 오류가 발생했습니다.', en: 'Something went wrong here.' },
}

/** An answer of `application/problem+json`. */
export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly code: ProblemCode
    readonly detail: string
    readonly instance: string
  }
}

/** Codes the wire has no word for: the caller can only come back later. */
const wireCode: Partial<Record<ProblemCode, ProblemCode>> = {
  LOCK_LOST: 'BUSY',
  LOCK_BUSY: 'BUSY',
  STORE_FAULT: 'BUSY',
  CLOSED: 'BUSY',
  CONFIG_INVALID: 'INTERNAL',
}

/** What a client is told of an error; what it must not know (messages and stacks of faults) stays here. */
export function problemOf(error: unknown, p: { path: string; locale: Locale }): Problem {
  const known = error instanceof HttpProblem || isTicketingError(error) ? error : null
  const code = known ? (wireCode[known.code] ?? known.code) : 'INTERNAL'
  const kind = problems[code]
  const headers: Record<string, string> = { 'content-language': p.locale, ...(known as HttpProblem | null)?.headers }
  if (kind.status === 429 || kind.status === 503) headers['retry-after'] = retryAfter(known?.retryInMs)
  return {
    status: kind.status,
    headers,
    body: {
      ...known?.details,
      type: `urn:b-ticketing:problem:${code}`,
      title: kind[p.locale],
      status: kind.status,
      code,
      detail: known && kind.status < 500 ? known.message : kind.en,
      instance: p.path,
    },
  }
}

/** Whole seconds, at least one. */
const retryAfter = (ms = 1_000): string => String(Math.max(1, Math.ceil(ms / 1_000)))
