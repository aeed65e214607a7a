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

/** What a client says of a login that waiting does not mend. */
const login = /\b(WRONGPASS|NOAUTH|NOPERM)\b|without any password configured|invalid password/

/** No answer in time. `trouble`: there was no connection either, and this is the last that the client said of it. */
export function unreachable(ms: number, trouble: Error | null): TicketingError {
  if (trouble === null) return unavailable(`Redis did not answer within ${ms} ms`)
  // A cluster's client tells its nodes' errors as one, and puts the last of them beside it.
  const inner = 'lastNodeError' in trouble ? (trouble.lastNodeError as Error | undefined) : undefined
  const said = [trouble.message, inner?.message].filter(Boolean).join(' ')
  return login.test(said)
    ? new TicketingError('STORE_FAULT', `Redis refuses the login (${said}): check user and password`, {
        cause: trouble,
      })
    : unavailable(`Redis cannot be reached within ${ms} ms: ${said}`, trouble)
}

/** A database that does not exist: the client goes on in database 0, where others may be. */
export const isNoDatabase = (trouble: Error | null): boolean => trouble?.message.includes('DB index') === true

export const unavailable = (message: string, cause?: unknown): TicketingError =>
  new TicketingError('BUSY', message, { retryInMs: 1_000, ...(cause !== undefined && { cause }) })
