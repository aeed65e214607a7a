import type { SaleSettings } from '@b-ticketing/core'

/** The sale of the demo. Everything is shorter than in life, so that expiries and lapses happen while one watches. */
export const scheduleId = 'game-1'

export const saleSettings = {
  holdTtlSeconds: 5,
  passTtlSeconds: 30,
  claimWindowSeconds: 4,
  ratePerMinute: null,
  /** Eight groups: what one machine that is also the crowd can serve, so that there is a line to see. */
  capacity: 960,
} as const satisfies Partial<SaleSettings>

/** The server's environment: nothing of the caller's own, so that a REDIS_URL lying about does not change the demo. */
export const houseEnv = (p: {
  readonly port: number
  readonly adminToken: string
  readonly venueFile: string | null
}): Readonly<Record<string, string>> => ({
  HOST: '127.0.0.1',
  PORT: String(p.port),
  ADMIN_TOKEN: p.adminToken,
  HOLD_TTL_SECONDS: String(saleSettings.holdTtlSeconds),
  PASS_TTL_SECONDS: String(saleSettings.passTtlSeconds),
  JOINS_PER_MINUTE_PER_ADDRESS: '0',
  REQUESTS_PER_SECOND_PER_ADDRESS: '0',
  LOG_LEVEL: 'error',
  ...(p.venueFile !== null && { VENUE_FILE: p.venueFile }),
})

export const settingsLine = (sale: SaleSettings): string =>
  [
    `hold ${sale.holdTtlSeconds} s`,
    `pass ${sale.passTtlSeconds} s`,
    `claim window ${sale.claimWindowSeconds} s`,
    `groups of ${sale.groupSize}`,
    `at most ${sale.capacity ?? 'any number'} inside`,
    `admission rate ${sale.ratePerMinute ?? 'null (unlimited)'}`,
    'address limits 0 (off)',
  ].join(', ')
