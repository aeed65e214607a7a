import { Agent, request as httpRequest } from 'node:http'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a fan reads whatever JSON the server wrote
  readonly body: any
  /** When the server says one may come again, in ms. */
  readonly retryAfterMs: number | null
}

type Headers = Readonly<Record<string, string>>

/** One browser: its cookies, and requests over connections that all browsers of this process share. */
export interface Browser {
  request(method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer>
}

export interface Internet {
  browser(): Browser
  readonly counts: InternetCounts
  close(): void
}

export interface InternetCounts {
  answered: number
  /** Sent and not answered yet. */
  pending: number
  /** Requests that met no answer at all, and answers of 5xx other than 503. */
  readonly failures: string[]
}

/**
 * The addresses of the server's processes, asked in turn, at most `sockets` connections to each, a time limit for every request, no
 * retry behind a fan's back.
 */
export function connect(p: {
  readonly urls: readonly string[]
  readonly sockets?: number
  readonly timeoutMs?: number
}): Internet {
  const hosts = p.urls.map((url) => new URL(url))
  let turn = 0
  const { sockets = 256, timeoutMs = 20_000 } = p
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, scheduling: 'fifo' })
  const counts: InternetCounts = { answered: 0, pending: 0, failures: [] }

  const send = (method: string, path: string, headers: Headers, text: string | undefined): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const { hostname: host, port } = hosts[turn++ % hosts.length]!
      const call = httpRequest({ host, port, method, path, headers, agent, timeout: timeoutMs }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            cookies: answer.headers['set-cookie'] ?? [],
            retryAfter: answer.headers['retry-after'],
          }),
        )
      })
      call.on('timeout', () => call.destroy(new Error(`no answer in ${timeoutMs} ms`)))
      call.on('error', reject)
      call.end(text)
    })

  const browser = (): Browser => {
    const jar = new Map<string, string>()
    return {
      async request(method, path, body, extra) {
        const text = body === undefined ? undefined : JSON.stringify(body)
        counts.pending++
        try {
          const raw = await send(method, path, headersOf(jar, text, extra), text)
          for (const cookie of raw.cookies) keep(jar, cookie)
          counts.answered++
          if (raw.status >= 500 && raw.status !== 503) counts.failures.push(`${method} ${path}: ${raw.status}`)
          return answerOf(raw)
        } catch (error) {
          counts.failures.push(`${method} ${path}: ${(error as Error).message}`)
          return { status: 0, body: { code: 'NO_ANSWER' }, retryAfterMs: null }
        } finally {
          counts.pending--
        }
      },
    }
  }
  return { browser, counts, close: () => agent.destroy() }
}

interface RawAnswer {
  readonly status: number
  readonly text: string
  readonly cookies: readonly string[]
  readonly retryAfter: string | undefined
}

const answerOf = ({ status, text, retryAfter }: RawAnswer): Answer => ({
  status,
  body: text === '' ? null : JSON.parse(text),
  retryAfterMs: retryAfter === undefined ? null : Number(retryAfter) * 1_000,
})

function headersOf(jar: ReadonlyMap<string, string>, text: string | undefined, extra: Headers = {}): Headers {
  const headers: Record<string, string> = { accept: 'application/json', ...extra }
  if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  if (text !== undefined) {
    headers['content-type'] = 'application/json'
    headers['content-length'] = String(Buffer.byteLength(text))
  }
  return headers
}

function keep(jar: Map<string, string>, cookie: string): void {
  const end = cookie.indexOf(';')
  const pair = end === -1 ? cookie : cookie.slice(0, end)
  const at = pair.indexOf('=')
  const name = pair.slice(0, at)
  if (at === pair.length - 1 || cookie.includes('Max-Age=0;')) jar.delete(name)
  else jar.set(name, pair.slice(at + 1))
}
