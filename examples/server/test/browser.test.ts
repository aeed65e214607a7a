import { findChromium } from '@b-ticketing/services'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from './harness.ts'

let server: TestServer
let browser: Browser | null = null
beforeAll(async () => {
  const executablePath = await findChromium()
  if (executablePath === null) return
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
}, 180_000)
afterAll(() => browser?.close())

beforeEach(async (context) => {
  if (browser === null) return context.skip()
  server = await startServer({ env: { GROUP_SIZE: '1', ADMISSION_CAPACITY: '1' } })
  return () => server[Symbol.asyncDispose]()
})

const desktop = { width: 1280, height: 800 }

/** A visitor with a browser of their own; `complaints`: what the page wrote to its console as an error. */
async function visit(p: { locale: string; viewport?: { width: number; height: number } }) {
  const context = await browser!.newContext({ viewport: desktop, ...p })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The seat page without a pass is answered 401, and shows what was bought.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
  })
  return { context, page, complaints }
}

const goInside = async (page: Page): Promise<void> => {
  await page.goto(`${server.url}/booking/game-1`)
  await page.waitForURL('**/seats/sections**')
  await page.locator('.plan').waitFor()
}

const pay = async (page: Page, token: string): Promise<void> => {
  await page.locator('#pay [name=email]').fill('fan@example.com')
  await page.locator('#pay [name=paymentToken]').selectOption(token)
  await page.locator('#pay button.primary').click()
}

const close = (...contexts: readonly BrowserContext[]) => Promise.all(contexts.map((context) => context.close()))

describe('the booking page in a real browser', { timeout: 60_000 }, () => {
  test('Q1: the page joins by itself, waits, and goes on to the seats by itself', async () => {
    const [first, second] = await Promise.all([visit({ locale: 'en-US' }), visit({ locale: 'en-US' })])
    await goInside(first.page)
    await second.page.goto(`${server.url}/booking/game-1`)
    await second.page.getByRole('heading', { name: 'You are in line' }).waitFor()
    await first.page.getByRole('button', { name: 'Leave' }).click()
    await second.page.waitForURL('**/seats/sections**')
    await second.page.getByRole('heading', { name: 'Choose a section' }).waitFor()
    expect([...first.complaints, ...second.complaints]).toEqual([])
    await close(first.context, second.context)
  })

  test('seats picked by hand, a declined card in words, then seats found by the house, paid, seen again, cancelled', async () => {
    const { context, page, complaints } = await visit({ locale: 'en-US' })
    await goInside(page)
    await page.getByRole('button', { name: /^A: / }).click()
    await page.getByRole('button', { name: 'A, row 1, seat 3: Free' }).click()
    await page.getByRole('button', { name: 'A, row 1, seat 4: Free' }).click()
    await page.getByRole('button', { name: 'Reserve 2 seats' }).click()
    await page.reload()
    await page.getByText('Pay within').waitFor()
    await pay(page, 'tok_decline')
    await page.getByText('Payment failed: the card was declined').waitFor()

    await page.getByRole('button', { name: 'Choose again' }).click()
    await page.getByLabel('People').selectOption('3')
    await page.getByRole('button', { name: 'Find seats' }).click()
    await page.getByText('₩51,000').first().waitFor()
    await pay(page, 'tok_approve')
    await page.getByText(/^Payment completed: ReservationId=/).waitFor()

    await page.reload()
    await page.getByText(/^Payment completed: ReservationId=/).waitFor()
    await page.getByText('Confirmed', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'To the line' }).waitFor()
    page.once('dialog', (dialog) => dialog.accept())
    await page.getByRole('button', { name: 'Cancel reservation' }).click()
    await page.getByText('Cancelled', { exact: true }).waitFor()
    expect(complaints).toEqual([])
    const stats = await server.operator().get('/admin/schedules/game-1/stats')
    expect(stats.body.seats).toMatchObject({ reserved: 0, completed: 0 })
    await close(context)
  })

  test('on a telephone in Korean: every state of a seat is explained, and nothing is wider than the screen', async () => {
    const { context, page, complaints } = await visit({ locale: 'ko-KR', viewport: { width: 390, height: 800 } })
    await goInside(page)
    await page.getByRole('button', { name: /^A: / }).click()
    const states = await page.locator('#legend li').allTextContents()
    expect(states).toEqual(['선택 가능', '고른 좌석', '내 좌석', '다른 사람이 선점', '판매됨', '판매 제외'])
    await page.getByRole('button', { name: '자동 배정' }).click()
    await page.getByText('안에 결제해 주세요').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(complaints).toEqual([])
    await close(context)
  })
})
