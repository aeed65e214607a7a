import { isTicketingError, TicketingError } from '@b-ticketing/core'

/** Answers of a server that cannot serve now but may later; the script has changed nothing. */
const passing =
  /^(ASK|BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|MOVED|NOREPLICAS|OOM|READONLY|TRYAGAIN|ERR max number of clients)\b/

/**
 * Every error of a client as one of ours. `BUSY`: Redis cannot be reached, did not answer in time (the command may have
 * run: repeat it by its operation id) or cannot serve now. `STORE_FAULT`: it refused what we asked, which is a bug or a setting.
 */
export function asFault(error: unknown): TicketingError {
  if (isTicketingError(error)) return error
  const isReply = error instanceof Error && error.name === 'ReplyError'
  if (isReply && !passing.test(error.message)) {
    return new TicketingError('STORE_FAULT', 'Redis refused the command', { cause: error })
  }
  return unavailable(isReply ? 'Redis cannot serve now' : 'Redis cannot be reached', error)
}

export const unavailable = (message: string, cause?: unknown): TicketingError =>
  new TicketingError('BUSY', message, { retryInMs: 1_000, ...(cause !== undefined && { cause }) })
