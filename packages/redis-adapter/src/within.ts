import type { TicketingError } from '@b-ticketing/core'
import { unreachable } from './fault.ts'

const silent = (ms: number): TicketingError => unreachable(ms, null)

/** @throws TicketingError `BUSY`, or what `late` says, when `work` takes longer than `ms`. */
export async function within<T>(ms: number, work: Promise<T>, late = silent): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(ms)), ms)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}
