import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pathOf } from './query.ts'
import type { Route } from './route.ts'
import type { Serve } from './serve.ts'

/**
 * Express costs several times a bare `node:http` answer, so the few routes a crowd lives on are found by one Map look-up in
 * front of it. They are the same rows of the route table, answered by the same `serve`; whatever is not an exact match
 * (another method, a trailing slash, HEAD) goes on to Express.
 */
export function hotPath(p: { routes: readonly Route[]; serve: Serve; next: RequestListener }): RequestListener {
  const hot = new Map(p.routes.filter((route) => route.hot).map((route) => [`${route.method} ${route.path}`, route]))
  const noParams = {}
  return (req: IncomingMessage, res: ServerResponse) => {
    const route = hot.get(`${req.method} ${pathOf(req.url ?? '/')}`)
    if (route === undefined) p.next(req, res)
    else void p.serve(route, req, res, noParams)
  }
}
