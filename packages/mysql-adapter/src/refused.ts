import { TicketingError } from '@b-ticketing/core'
import { isDuplicate } from './fault.ts'

/**
 * What was to be written stands in the way of what another has committed. The transaction is undone; what is read next shows
 * why.
 */
export class Refused extends TicketingError {
  constructor(cause?: unknown) {
    super('BUSY', 'the record has changed meanwhile', { cause, retryInMs: 100 })
  }
}

/** Refused so often in a row, without a reason that could be read, it is left to the caller. */
export const mostRefusals = 20

/** Runs inserts whose duplicate keys mean that another was faster. @throws Refused */
export async function insertsOf<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isDuplicate(error) ? new Refused(error) : error
  }
}
