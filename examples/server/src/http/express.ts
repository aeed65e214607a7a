import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { HttpProblem } from '../problem.ts'
import type { Route } from './route.ts'
import { send } from './send.ts'
import { refusal, type Serve } from './serve.ts'

/** Express routes from the route table, static files, and an answer for everything else. */
export function expressApp(p: {
  routes: readonly Route[]
  serve: Serve
  headers: Readonly<Record<string, string>>
  folders: readonly Folder[]
  before: readonly RequestHandler[]
  stop: AbortSignal
  onFault: (error: unknown) => void
}): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.set('etag', false)
  for (const handler of p.before) app.use(handler)
  for (const [path, routes] of byPath(p.routes)) mount(app, path, routes, p.serve)
  for (const folder of p.folders) app.use(folder.prefix, files(folder, p.headers))
  app.use((_req, _res, next) => next(new HttpProblem('NOT_FOUND', 'there is nothing here')))
  app.use(lastResort(p))
  return app
}

/** Files that are served as they are. */
export interface Folder {
  readonly prefix: string
  readonly path: string
  /** Their names below the prefix; default: every file. */
  readonly only?: readonly string[]
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const paths = new Map<string, Route[]>()
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route])
  return paths
}

function mount(app: Express, path: string, routes: readonly Route[], serve: Serve): void {
  const pattern = path.replace(/\{(\w+)\}/g, ':$1')
  const methods = routes.map((route) => route.method)
  const allow = [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].join(', ')
  app.all(pattern, (req: Request, res: Response) => {
    const method = req.method === 'HEAD' ? 'GET' : req.method
    const route = routes.find((candidate) => candidate.method === method)
    if (route) return serve(route, req, res, req.params as Readonly<Record<string, string>>)
    throw new HttpProblem('METHOD_NOT_ALLOWED', `allowed here: ${allow}`, { headers: { allow } })
  })
}

function files({ path, only }: Folder, headers: Readonly<Record<string, string>>): RequestHandler {
  const serveFile = express.static(path, {
    index: false,
    redirect: false,
    dotfiles: 'ignore',
    maxAge: '5m',
    setHeaders: (res) => {
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    },
  })
  return (req, res, next) => (only && !only.includes(req.path.slice(1)) ? next() : serveFile(req, res, next))
}

/** Errors outside of a route: no route, a wrong method, a path that cannot be decoded. Express' own page leaks stacks. */
function lastResort(p: {
  headers: Readonly<Record<string, string>>
  stop: AbortSignal
  onFault: (error: unknown) => void
}): ErrorRequestHandler {
  return (error: unknown, req: Request, res: Response, next) => {
    if (res.headersSent) return next(error)
    const reply = refusal(ofExpress(error), req)
    if (reply.status >= 500) p.onFault(error)
    void send({ res, reply, base: p.headers, head: req.method === 'HEAD', stop: p.stop, heartbeatMs: 0 })
  }
}

/** Express marks what is the caller's fault with a 4xx `status`. */
function ofExpress(error: unknown): unknown {
  const status = (error as { status?: unknown } | null)?.status
  if (error instanceof HttpProblem || typeof status !== 'number' || status >= 500) return error
  return status === 404
    ? new HttpProblem('NOT_FOUND', 'there is nothing here')
    : new HttpProblem('BAD_REQUEST', 'the request could not be read', { cause: error })
}
