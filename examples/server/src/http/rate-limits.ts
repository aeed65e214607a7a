import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { HttpProblem } from '../problem.ts'
import type { Route } from './route.ts'

export type RateLimit = (route: Route, address: string) => Promise<void> | void

/** Limits of one address, kept in this process so that they hold whatever store is down. 0 is off. */
export function createRateLimit(p: { requestsPerSecond: number; joinsPerMinute: number }): RateLimit {
  const requests = limiter(p.requestsPerSecond, 1)
  const joins = limiter(p.joinsPerMinute, 60)
  if (requests === null && joins === null) return () => {}
  return async (route, address) => {
    if (route.unlimited) return
    try {
      await requests?.consume(address)
      if (route.countsAsJoin) await joins?.consume(address)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw tooMany(refusal.msBeforeNext)
    }
  }
}

const tooMany = (retryInMs: number) =>
  new HttpProblem('TOO_MANY_REQUESTS', 'too many requests from this address', { retryInMs })

const limiter = (points: number, duration: number): RateLimiterMemory | null =>
  points === 0 ? null : new RateLimiterMemory({ points, duration })
