import { isTicketingError, TicketingError } from '@b-ticketing/core'

interface DriverError {
  readonly code?: unknown
  readonly errno?: unknown
  readonly sqlState?: unknown
  readonly fatal?: unknown
  readonly message: string
}

/** Lock wait timeout, deadlock, and MariaDB's "record has changed since last read": the transaction lost a race of locks. */
const races = new Set([1205, 1213, 1020])

/**
 * Answers of a server that cannot serve now but may later: too many connections, shutting down, killed, read-only, out of
 * space or memory, statement over its time.
 */
const passing = new Set([
  1021, 1037, 1038, 1040, 1041, 1053, 1114, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1290, 1317, 1792, 1836, 1927,
  1969, 3024, 3100, 4031,
])

const account = 'the account lacks rights on this database: grant them, or correct its name in the address'

/** What an operator can put right, by error number, and how. */
const remedies: ReadonlyMap<unknown, string> = new Map([
  [1044, account],
  [
    1045,
    'user or password is wrong, or the account may not come from this machine: correct the address or the account',
  ],
  [1049, 'there is no such database: create it, or correct its name in the address, then run migrate()'],
  [1142, account],
  [1146, 'a table is missing: run migrate()'],
  // MariaDB: an account that no password opens.
  [1698, 'the account does not let in by password: correct the address or the account'],
])

const asDriverError = (error: unknown): DriverError | null => (error instanceof Error ? (error as DriverError) : null)

/** True where the server has answered, so that the statement certainly failed; false: the connection is of no use any more. */
export function isAnswer(error: unknown): boolean {
  const fault = asDriverError(error)
  return typeof fault?.errno === 'number' && typeof fault.sqlState === 'string'
}

/** The transaction lost a race: rolled back and repeated it may win. */
export const isRace = (error: unknown): boolean =>
  isAnswer(error) && races.has((error as { readonly errno: number }).errno)

/**
 * The connection broke, or the server closed it: whatever its transaction did is undone, unless COMMIT was under way. Not so
 * a statement over its time, which would only be late again.
 */
export function isLost(error: unknown): boolean {
  if (isTicketingError(error)) return false
  const { code, errno } = error as DriverError
  return isAnswer(error) ? closing.has(errno as number) : isUnsent(error) || lostCodes.has(String(code))
}

/** The connection had been closed before: the statement was never sent. Of the driver's fatal errors only this one has no code. */
export function isUnsent(error: unknown): boolean {
  const { code, fatal } = error as DriverError
  return fatal === true && code === undefined && !isAnswer(error)
}

const closing = new Set([1053, 1927, 4031])
const lostCodes = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE'])

/** A row with this key stands already. */
export const isDuplicate = (error: unknown): boolean =>
  isAnswer(error) && (error as { readonly errno: number }).errno === 1062

/**
 * Every error of the driver as one of ours. `BUSY`: the server cannot be reached, did not answer in time or cannot serve now.
 * `STORE_FAULT`: it refused what we asked, which is a bug or a setting.
 */
export function asFault(error: unknown): TicketingError {
  if (isTicketingError(error)) return error
  if (isBug(error)) return new TicketingError('STORE_FAULT', 'the adapter failed', { cause: error })
  if (!isAnswer(error)) return unavailable('the database cannot be reached', error)
  const { errno } = error as { readonly errno: number }
  if (races.has(errno)) return unavailable('the database is contended', error)
  if (passing.has(errno)) return unavailable('the database cannot serve now', error)
  return new TicketingError('STORE_FAULT', remedies.get(errno) ?? 'the database refused the statement', {
    cause: error,
  })
}

/** Drivers and sockets throw plain errors. */
const isBug = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError

export const unavailable = (message: string, cause?: unknown): TicketingError =>
  new TicketingError('BUSY', message, { retryInMs: 1_000, ...(cause !== undefined && { cause }) })

export const misconfigured = (message: string): TicketingError => new TicketingError('CONFIG_INVALID', message)

/** The reply of a COMMIT was lost: the change may stand or not. Whoever asked reads it again by its key. */
export class CommitUnknown extends TicketingError {
  constructor(cause: unknown) {
    super('BUSY', 'whether the change was committed is not known', { cause, retryInMs: 1_000 })
  }
}
