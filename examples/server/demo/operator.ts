import { setTimeout as sleep } from 'node:timers/promises'
import type { SaleSettings } from '@b-ticketing/core'
import type { SeatCounts } from './audit/evidence.ts'
import type { Snapshot } from './progress.ts'

/** The operator's desk: what the house shows to whoever has the admin token. */
export interface Operator {
  schedule(scheduleId: string): Promise<{
    readonly name: string
    readonly venueId: string
    readonly settings: SaleSettings
  }>
  stats(scheduleId: string): Promise<{ readonly line: Snapshot['line']; readonly seats: SeatCounts }>
  set(p: { readonly scheduleId: string; readonly settings: Partial<SaleSettings> }): Promise<void>
  createSchedule(p: { readonly scheduleId: string; readonly venueId: string; readonly name: string }): Promise<void>
}

const mostTries = 5

export function createOperator(p: { readonly urls: readonly string[]; readonly adminToken: string }): Operator {
  const [url] = p.urls
  const ask = async <T>(path: string, body?: unknown, method = 'POST'): Promise<T> => {
    for (let tries = 1; ; tries++) {
      const answer = await fetch(`${url}${path}`, {
        headers: { authorization: `Bearer ${p.adminToken}`, 'content-type': 'application/json' },
        ...(body !== undefined && { method, body: JSON.stringify(body) }),
      })
      if (answer.ok) return (await answer.json()) as T
      const text = await answer.text()
      if (answer.status !== 503 || tries === mostTries)
        throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`)
      await sleep(1_000 * Number(answer.headers.get('retry-after') ?? 1))
    }
  }
  type Listed = { readonly scheduleId: string } & Awaited<ReturnType<Operator['schedule']>>
  return {
    schedule: async (scheduleId) => {
      const { items } = await ask<{ items: readonly Listed[] }>('/admin/schedules')
      return items.find((item) => item.scheduleId === scheduleId)!
    },
    stats: (scheduleId) => ask(`/admin/schedules/${scheduleId}/stats`),
    set: async ({ scheduleId, settings }) => {
      await ask(`/admin/schedules/${scheduleId}/settings`, settings, 'PATCH')
    },
    createSchedule: async (schedule) => {
      await ask('/admin/schedules', { ...schedule, prices: {}, state: 'open' })
    },
  }
}
