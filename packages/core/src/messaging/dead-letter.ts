import { sha256Hex } from '../shared/crypto.ts'
import type { Id } from '../shared/types.ts'

/** One letter per event and place of failure, however often it fails there: two groups may park the same event. */
export const deadLetterId = (p: { readonly source: Id; readonly eventId: Id }): Id =>
  sha256Hex(`${p.source}|${p.eventId}`).slice(0, 32)
