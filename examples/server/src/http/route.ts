import type { IncomingHttpHeaders } from 'node:http'
import type { Pass } from '@b-ticketing/core'
import type { z } from 'zod'
import type { ProblemCode } from '../problem.ts'
import type { Locale } from './language.ts'
import type { Query } from './query.ts'

/**
 * What a route asks of the caller. `open` nothing · `guest` a session if there is one · `session` one, minted when missing ·
 * `ticket` session + queue ticket · `pass` session + pass · `operator` the admin token.
 */
export type Auth = keyof Slips

/** What each kind of caller hands to the handler. */
export interface Slips {
  readonly open: unknown
  readonly guest: { readonly visitor: string | null }
  readonly session: { readonly visitor: string }
  readonly ticket: { readonly visitor: string; readonly ticket: string }
  readonly pass: { readonly visitor: string; readonly pass: Pass }
  readonly operator: unknown
}

/** A parsed request: all that a handler knows of HTTP. */
export interface Call {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly cookies: ReadonlyMap<string, string>
  readonly rawQuery: Query
  readonly rawBody: Buffer
  readonly locale: Locale
  /** A browser navigating, not a script asking for data. */
  readonly wantsHtml: boolean
  readonly idempotencyKey: string | null
  /** The engine's operation id made of session, route, key and body; absent without a key. */
  readonly operationId: { readonly operationId?: string }
}

export type CallOf<A extends Auth, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = Call &
  Slips[A] & { readonly params: z.output<P>; readonly query: z.output<Q>; readonly body: z.output<B> }

/** One event of a stream. */
export interface ServerEvent {
  readonly event: string
  readonly id?: string
  readonly data: unknown
}

/** An answer. At most one of `body` (JSON), `content` (anything else) and `events` is set. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body?: unknown
  readonly content?: { readonly type: string; readonly bytes: string | Buffer }
  readonly events?: (signal: AbortSignal) => AsyncIterable<ServerEvent>
}

/** What an answer of one status carries: a JSON schema, a media type, or nothing. */
export type ReplySpec = { readonly description: string; readonly json?: z.ZodType; readonly media?: string }

export interface RouteSpec<A extends Auth, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `{name}` stands for one path segment. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly auth: A
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Bytes; default 16 kB. */
  readonly bodyLimit?: number
  /** The body is read as it came (any content type) and left to the handler. */
  readonly rawBody?: true
  /** Fields whose numbers are refused under a code of their own. */
  readonly fieldCodes?: Readonly<Record<string, ProblemCode>>
  readonly replies: Readonly<Record<number, ReplySpec>>
  /** Refusals beside those that follow from `auth`, `params` and `body`. */
  readonly problems?: readonly ProblemCode[]
  /** Answered in front of Express too. */
  readonly hot?: true
  /**
   * `Idempotency-Key`: kept by this process beside the engine's operation id (`server`), in the record for every process
   * (`record`), required and kept by the engine, or without meaning. Default of POSTs: `record` for operators, else `server`.
   */
  readonly idempotency?: 'server' | 'record' | 'engine' | 'none'
  /** To a browser without the pass this route asks for: this page, under the refusal's status, instead of a bare error. */
  readonly page?: string
  /** Counts against `JOINS_PER_MINUTE_PER_ADDRESS`. */
  readonly countsAsJoin?: true
  /** Answered whatever the load: no rate limit. */
  readonly unlimited?: true
  readonly handle: (call: CallOf<A, P, Q, B>) => Promise<Reply> | Reply
}

/** A row of the route table, its types forgotten: what Express, the hot path and the OpenAPI document are made of. */
export type Route = Omit<RouteSpec<Auth, z.ZodType, z.ZodType, z.ZodType>, 'handle'> & {
  readonly handle: (call: unknown) => Promise<Reply> | Reply
}

export const defineRoute = <
  A extends Auth,
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
>(
  spec: RouteSpec<A, P, Q, B>,
): Route => spec as unknown as Route
