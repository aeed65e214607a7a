import { defineRoute, type Reply, type Route } from '../http/route.ts'
import { media } from './answers.ts'
import type { House } from './house.ts'
import { scheduleParams } from './schemas.ts'

export interface Pages {
  readonly index: string
  readonly booking: string
  readonly seats: string
  readonly docs: string
}

const html = (bytes: string): Reply => ({ status: 200, content: { type: 'text/html; charset=utf-8', bytes } })

export const pageRoutes = ({ engine }: Pick<House, 'engine'>, pages: Pages): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/',
    name: 'indexPage',
    summary: 'The sales, as a page',
    auth: 'open',
    replies: { 200: media('The page.', 'text/html') },
    handle: () => html(pages.index),
  }),
  defineRoute({
    method: 'GET',
    path: '/booking/{scheduleId}',
    name: 'bookingPage',
    summary: 'The booking page: it joins the line by itself',
    auth: 'open',
    params: scheduleParams,
    replies: { 200: media('The page.', 'text/html') },
    handle: async ({ params }) => {
      await engine.schedules.get(params)
      return html(pages.booking)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/docs',
    name: 'docsPage',
    summary: 'This API, to read and try',
    auth: 'open',
    replies: { 200: media('The page.', 'text/html') },
    handle: () => html(pages.docs),
  }),
]
