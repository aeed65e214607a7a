import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import type { Route } from './http/route.ts'
import { type ProblemCode, problems } from './problem.ts'
import { problem } from './routes/schemas.ts'

/** The OpenAPI 3.1 document of a route table. */
export function openapiDocument(routes: readonly Route[]): object {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'Queue ticket, pass or admin token, as the operation says.',
  })
  registry.registerComponent('securitySchemes', 'session', { type: 'apiKey', in: 'cookie', name: 'bt_session' })
  for (const route of routes) registry.registerPath(operation(route))
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'B-Ticketing reference server',
      version: '0.0.0',
      description: 'Waiting room, seats, payment and reservations of an on-sale.',
    },
    servers: [{ url: '/' }],
  })
}

function operation(route: Route): RouteConfig {
  const { params, query, body } = route
  return {
    method: route.method.toLowerCase() as Lowercase<Route['method']>,
    path: route.path,
    operationId: route.name,
    summary: route.summary,
    tags: [tagOf(route.path)],
    security: security[route.auth],
    request: {
      ...(params && { params: params as z.ZodObject }),
      ...(query && { query: query as z.ZodObject }),
      ...(isIdempotent(route) && { headers: z.object({ 'idempotency-key': keyOf(route) }) }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: { ...replies(route), ...refusals(route) },
  }
}

const isIdempotent = (route: Route): boolean =>
  route.method === 'POST' && route.idempotency !== 'none' && route.auth !== 'open'

const key = z.string().meta({ description: 'The same key and body give the same answer.' })
const keyOf = (route: Route) => (route.idempotency === 'engine' ? key : key.optional())

const retryAfter = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' as const } } }

const tagOf = (path: string): string => path.split('/')[1] || 'pages'

const session = { session: [] }
const both = { session: [], bearer: [] }
const security: Readonly<Record<Route['auth'], Record<string, string[]>[]>> = {
  open: [],
  guest: [session, {}],
  session: [session, {}],
  ticket: [session, both],
  pass: [session, both],
  operator: [{ bearer: [] }],
}

function replies(route: Route): Record<string, ResponseConfig> {
  const entries = Object.entries(route.replies).map(([status, { description, json, media }]) => {
    const content = {
      ...(json && { 'application/json': { schema: json } }),
      ...(media && { [media]: { schema: { type: 'string' as const } } }),
    }
    return [status, { description, ...(Object.keys(content).length > 0 && { content }) }]
  })
  return Object.fromEntries(entries)
}

/** Refusals by status: the route's own codes and those that follow from what it asks for. */
function refusals(route: Route): Record<string, ResponseConfig> {
  const byStatus = new Map<number, Set<ProblemCode>>()
  for (const code of codesOf(route)) {
    const { status } = problems[code]
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  }
  const entries = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: [...codes].join(', '),
      content: { 'application/problem+json': { schema: problem } },
      ...((status === 429 || status === 503) && { headers: retryAfter }),
    },
  ])
  return Object.fromEntries(entries)
}

const byAuth: Readonly<Record<Route['auth'], readonly ProblemCode[]>> = {
  open: [],
  guest: [],
  session: [],
  ticket: ['TICKET_INVALID'],
  pass: ['PASS_REQUIRED', 'PASS_EXPIRED', 'SCHEDULE_AMBIGUOUS'],
  operator: ['UNAUTHORIZED', 'NOT_FOUND'],
}

/** Every code a route may answer with. */
export function codesOf(route: Route): readonly ProblemCode[] {
  return [
    'BAD_REQUEST',
    'BUSY',
    ...(route.unlimited ? [] : (['TOO_MANY_REQUESTS'] as const)),
    ...byAuth[route.auth],
    ...(route.params ? (['NOT_FOUND'] as const) : []),
    ...(route.method === 'GET' ? [] : (['ORIGIN_REFUSED', 'BODY_TOO_LARGE', 'CONTENT_TYPE', 'INVALID'] as const)),
    ...(route.query ? (['INVALID'] as const) : []),
    ...(isIdempotent(route) ? (['IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED'] as const) : []),
    ...(route.problems ?? []),
  ]
}
