import { afterEach, expect, test, vi } from 'vitest'

/** As much of a browser as the booking page touches: elements by id, requests answered from a list. */
function fakeBrowser(answers: readonly object[]) {
  const elements = new Map<string, Record<string, unknown>>()
  const make = () => {
    const children: unknown[] = []
    const set = (...added: unknown[]) => void children.splice(0, children.length, ...added)
    return { children, addEventListener: () => {}, replaceChildren: set, append: set }
  }
  const byId = (id: string) => {
    const element = elements.get(id) ?? make()
    elements.set(id, element)
    return element
  }
  const visited: string[] = []
  const queue = [...answers]
  vi.stubGlobal('location', { pathname: '/booking/game-1', assign: (url: string) => visited.push(url) })
  vi.stubGlobal('localStorage', { getItem: () => 'en' })
  vi.stubGlobal('navigator', { language: 'en' })
  vi.stubGlobal('document', {
    documentElement: {},
    getElementById: byId,
    querySelectorAll: () => [],
    createElement: make,
  })
  vi.stubGlobal('fetch', async (path: string) =>
    Response.json(path.startsWith('/schedules') ? { name: 'Bears – Twins', opensAt: null } : queue.shift()),
  )
  return { visited }
}

afterEach(() => vi.unstubAllGlobals())

const place = { documentVersion: 1, number: 7, group: 1, currentGroup: 1, ahead: 6, nextPollMs: 1 }

test('the booking page waits with an expected time on show, and goes on by itself', async () => {
  const browser = fakeBrowser([
    { ...place, state: 'waiting', eta: null },
    { ...place, state: 'waiting', eta: { lowSeconds: 70, highSeconds: 200 } },
    { ...place, documentVersion: 2, state: 'admitted', eta: null, redirectUrl: '/seats/sections' },
  ])
  const page = new URL('../public/booking.js', import.meta.url).href
  await import(/* @vite-ignore */ page)
  expect(browser.visited).toEqual(['/seats/sections?scheduleId=game-1'])
})
