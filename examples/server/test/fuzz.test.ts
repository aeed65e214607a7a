import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codesOf } from '../src/openapi.ts'
import { problems } from '../src/problem.ts'
import { adminToken, admitted, type Client, startServer, type TestServer } from './harness.ts'

let server: TestServer
let owner: Client
let document: Document
beforeAll(async () => {
  server = await startServer({ env: { REQUESTS_PER_SECOND_PER_ADDRESS: '0', JOINS_PER_MINUTE_PER_ADDRESS: '0' } })
  owner = await admitted(server)
  document = (await owner.get('/openapi.json')).body
})
afterAll(() => server[Symbol.asyncDispose]())

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}
interface Schema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, unknown>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

/** Values that have broken servers before, beside anything JSON can say. */
const nasty = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('game-1', 'A', 'A-1-1', 'test-park', 'tok_approve', 'fan@example.com', 'open'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0, -1, 1.5, 1, 2, 1e21, Number.MAX_SAFE_INTEGER, '', '../..', "' OR 1=1 --"),
  },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', '\u0000', '<script>', '🎟️', 'x'.repeat(5_000), null, true) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom('A-1-1', 'A-1-2', 'nowhere', 7), { maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom({ value: 17_000, currency: 'KRW' }, { value: -1, currency: 'krw' }) },
)

const text = nasty.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')))

function bodyOf(operation: Operation): fc.Arbitrary<unknown> {
  const schema = operation.requestBody?.content['application/json']?.schema
  const named = schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : schema
  const fields = Object.keys(named?.properties ?? {})
  const record = fc.record(Object.fromEntries(fields.map((field) => [field, nasty])), { requiredKeys: [] })
  return fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: nasty })
}

const streams = new Set(['watchQueue', 'watchSeats'])

test('the document is OpenAPI 3.1 and holds every route', () => {
  expect(document.openapi).toBe('3.1.0')
  const documented = operations().map(({ method, path }) => `${method} ${path}`)
  expect(documented.sort()).toEqual(server.app.routes.map(({ method, path }) => `${method} ${path}`).sort())
})

test('every code a route may answer with is documented under its status', () => {
  for (const route of server.app.routes) {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()]
    for (const code of codesOf(route)) expect(operation?.responses).toHaveProperty(String(problems[code].status))
  }
})

test('every operation, whatever it is sent: never a 5xx, and every status documented', {
  timeout: 120_000,
}, async () => {
  for (const { path, method, operation } of operations()) {
    const input = fc.record({
      params: fc.array(text, { minLength: 3, maxLength: 3 }),
      query: fc.dictionary(
        fc.constantFrom(
          ...(operation.parameters ?? []).filter((one) => one.in === 'query').map((one) => one.name),
          'extra',
        ),
        text,
      ),
      body: bodyOf(operation),
      authorization: fc.constantFrom(undefined, `Bearer ${adminToken}`, 'Bearer x', 'Basic eDp5'),
      key: fc.constantFrom(undefined, 'k1', 'k2', 'a b'),
      withCookies: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ params, query, body, authorization, key, withCookies }) => {
        let at = 0
        const target = path.replace(/\{\w+\}/g, () => encodeURIComponent(params[at++] ?? 'x') || 'x')
        const search = new URLSearchParams(query).toString()
        const client = withCookies ? owner : server.visitor()
        const kept = new Map(client.cookies)
        if (streams.has(operation.operationId) && withCookies) return
        const headers = {
          ...(authorization !== undefined && { authorization }),
          ...(key !== undefined && { 'idempotency-key': key }),
        }
        const sent = method === 'GET' ? { headers } : { headers, body }
        const answer = await client.request(method, `${target}${search && `?${search}`}`, sent)
        for (const [name, value] of kept) client.cookies.set(name, value)
        const where = `${method} ${target} ${JSON.stringify(sent)}: ${answer.status} ${answer.text.slice(0, 300)}`
        if (answer.status >= 500 && operation.operationId !== 'readyz') throw new Error(where)
        if (!(String(answer.status) in operation.responses) && !escapes(target, path)) throw new Error(where)
        if (answer.status >= 400) expect(answer.text).not.toMatch(/\n\s+at |node_modules/)
      }),
      { numRuns: 40, seed: 1_234, endOnFailure: true },
    )
  }
})

/** A parameter that is empty or dots makes another path: not this operation. */
const escapes = (target: string, path: string): boolean =>
  new URL(target, 'http://x').pathname.split('/').length !== path.split('/').length || /\/(x)?$/.test(target)
