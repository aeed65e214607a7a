import type { z } from 'zod'
import type { Reply, ReplySpec } from '../http/route.ts'

export const json = (description: string, schema: z.ZodType): ReplySpec => ({ description, json: schema })
export const empty = (description: string): ReplySpec => ({ description })
export const media = (description: string, type: string): ReplySpec => ({ description, media: type })
export const notModified = empty('What the caller has is still right.')

export const ok = (body: unknown): Reply => ({ status: 200, body })

/** `If-None-Match` names this tag (weak or strong), or any. */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
