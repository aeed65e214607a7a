import type { IncomingMessage } from 'node:http'
import { HttpProblem } from '../problem.ts'

const maxDepth = 32
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** All bytes of a request body, refused as soon as there are more than `limit`. */
export function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        req.removeAllListeners('data')
        reject(tooLarge(limit))
      } else chunks.push(chunk)
    })
    req.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    req.once('error', (cause) => reject(new HttpProblem('BAD_REQUEST', 'the body could not be read', { cause })))
    req.once('close', () => {
      if (!req.complete) reject(new HttpProblem('BAD_REQUEST', 'the body ended early'))
    })
  })
}

/** The rest of such a body is not waited for: the connection ends with the answer. */
const tooLarge = (limit: number) =>
  new HttpProblem('BODY_TOO_LARGE', `a body here has at most ${limit} bytes`, { headers: { connection: 'close' } })

/** The JSON value of a body; an empty body is undefined. */
export function parseJson(p: { bytes: Buffer; contentType: string | undefined; contentEncoding: string | undefined }) {
  if (p.bytes.length === 0) return undefined
  demandJsonType(p.contentType)
  if ((p.contentEncoding ?? 'identity') !== 'identity') throw new HttpProblem('CONTENT_TYPE', 'send the body unencoded')
  try {
    const text = utf8.decode(p.bytes)
    demandDepth(text)
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (cause instanceof HttpProblem) throw cause
    throw unreadable(cause)
  }
}

const unreadable = (cause: unknown) => new HttpProblem('BAD_REQUEST', 'the body is not JSON in UTF-8', { cause })

function demandJsonType(contentType = ''): void {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='))
  if (type.trim() === 'application/json' && /^(charset="?utf-8"?)?$/.test(charset ?? '')) return
  throw new HttpProblem('CONTENT_TYPE', 'send application/json in UTF-8')
}

/** Counts brackets outside of strings: what nests deeper is not parsed at all. */
function demandDepth(text: string): void {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 92) at++
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 91 || code === 123) {
      if (++depth > maxDepth) throw new HttpProblem('BAD_REQUEST', `the body nests deeper than ${maxDepth}`)
    } else if (code === 93 || code === 125) depth--
  }
}
