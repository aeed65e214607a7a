import type { IncomingHttpHeaders } from 'node:http'
import { HttpProblem } from '../problem.ts'

/**
 * A write that a page of another origin sent is refused, whatever its cookies. Browsers send `Origin` with every write;
 * programs send none and carry no ambient cookies.
 */
export function demandOwnOrigin(p: {
  method: string
  headers: IncomingHttpHeaders
  options: { readonly trustProxy: number; readonly allowedOrigins: readonly string[] }
}): void {
  if (p.method === 'GET' || p.method === 'HEAD' || p.method === 'OPTIONS') return
  const { origin } = p.headers
  if (origin === undefined) {
    if (p.headers['sec-fetch-site'] === 'cross-site') throw refused()
    return
  }
  if (p.options.allowedOrigins.includes(origin)) return
  if (hostOf(origin) !== ownHost(p.headers, p.options.trustProxy)) throw refused()
}

const refused = () => new HttpProblem('ORIGIN_REFUSED', 'a page of another origin may not write here')

/** Null for `null` (a sandboxed frame) and for anything that is no http origin. */
function hostOf(origin: string): string | null {
  if (!URL.canParse(origin)) return null
  const url = new URL(origin)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.host.toLowerCase() : null
}

function ownHost(headers: IncomingHttpHeaders, trustProxy: number): string | undefined {
  const forwarded = trustProxy > 0 ? headers['x-forwarded-host'] : undefined
  const host = typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : headers.host
  return host?.toLowerCase().replace(/:(80|443)$/, '')
}
