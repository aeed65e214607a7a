import { demandOperator } from '../http/credentials.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { HttpProblem } from '../problem.ts'
import { json, media, ok } from './answers.ts'
import type { Check, Checks, House } from './house.ts'
import { alive, openapiDocument, ready } from './schemas.ts'

type OperationsHouse = Pick<House, 'checks' | 'draining' | 'metrics' | 'adminToken'>

const checkMs = 2_000

export const operationRoutes = (house: OperationsHouse, document: () => unknown): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/livez',
    name: 'livez',
    summary: 'The process runs',
    auth: 'open',
    unlimited: true,
    replies: { 200: json('It does.', alive) },
    handle: () => ok({ status: 'alive' }),
  }),
  defineRoute({
    method: 'GET',
    path: '/readyz',
    name: 'readyz',
    summary: 'The server can serve',
    auth: 'open',
    unlimited: true,
    replies: { 200: json('Every dependency that it needs answers.', ready) },
    handle: async () => {
      const dependencies = await checked(house.checks)
      const draining = house.draining()
      const isMissing = ([name, { optional }]: readonly [string, Check]) => !optional && dependencies[name] === 'down'
      if (!draining && !Object.entries(house.checks).some(isMissing)) {
        return ok({ status: 'ready', draining, dependencies })
      }
      throw new HttpProblem('BUSY', 'not ready', { details: { draining, dependencies }, retryInMs: 2_000 })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/metrics',
    name: 'metrics',
    summary: 'Prometheus figures; with the admin token when one is set',
    auth: 'open',
    unlimited: true,
    replies: { 200: media('Prometheus text.', 'text/plain') },
    problems: ['UNAUTHORIZED'],
    handle: async (call) => {
      if (house.adminToken !== null) demandOperator(call, house.adminToken)
      const { type, text } = await house.metrics()
      return { status: 200, content: { type, bytes: text } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/openapi.json',
    name: 'openapi',
    summary: 'This document',
    auth: 'open',
    replies: { 200: json('OpenAPI 3.1.', openapiDocument) },
    handle: () => ok(document()),
  }),
]

/** Each dependency by name; one that does not answer in 2 s is down. */
export async function checked(checks: Checks): Promise<Readonly<Record<string, 'up' | 'down'>>> {
  const entries = Object.entries(checks).map(async ([name, { ask }]) => [name, await answers(ask)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

function answers(check: () => Promise<unknown>): Promise<'up' | 'down'> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, checkMs, 'down')
    check()
      .then(
        () => resolve('up'),
        () => resolve('down'),
      )
      .finally(() => clearTimeout(late))
  })
}
