import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * Who is calling, for rate limits. Each trusted proxy appends the address it saw to `X-Forwarded-For`, so with `hops`
 * proxies the caller is the `hops`-th entry from the right; what stands left of it was written by the caller.
 */
export function addressOf(req: IncomingMessage, hops: number): string {
  const peer = req.socket.remoteAddress ?? 'unknown'
  if (hops === 0) return network(peer)
  const forwarded = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  return network(forwarded[Math.max(0, forwarded.length - hops)] ?? peer)
}

/** An IPv6 host owns its whole /64, so limits count by it. */
function network(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice(7)
  if (!isIPv6(address)) return address.slice(0, 64)
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const rest = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length
  return [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest].slice(0, 4).join(':')
}
