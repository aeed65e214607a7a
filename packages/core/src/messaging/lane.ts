import { crc32 } from '../shared/crc32.ts'
import type { Id } from '../shared/types.ts'

/** Lanes of the outbox: what relays share the work by. */
export const outboxLanes = 64

/** All messages of one request stand in one lane, so one relay at a time reads them, in order. */
export const laneOf = (requestId: Id): number => crc32(requestId) % outboxLanes
