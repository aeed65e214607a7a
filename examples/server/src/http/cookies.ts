/** Name → value. The first of a repeated name wins, as browsers send the most specific path first. */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  if (header === undefined) return cookies
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at < 1) continue
    const name = part.slice(0, at).trim()
    if (!cookies.has(name)) cookies.set(name, part.slice(at + 1).trim())
  }
  return cookies
}

/** A cookie no script can read. `maxAgeSeconds` 0 removes it. */
export const formatCookie = (p: { name: string; value: string; maxAgeSeconds: number; secure: boolean }): string =>
  `${p.name}=${p.value}; Path=/; Max-Age=${Math.max(0, Math.floor(p.maxAgeSeconds))}; HttpOnly; SameSite=Lax${p.secure ? '; Secure' : ''}`

export const sessionCookie = 'bt_session'
export const passCookiePrefix = 'bt_pass_'
export const ticketCookie = (scheduleId: string): string => `bt_ticket_${scheduleId}`
export const passCookie = (scheduleId: string): string => `${passCookiePrefix}${scheduleId}`
