import { isTicketingError, TicketingError } from './errors.ts'

/**
 * A pure function as callers without types may use it: it fails for nothing but what it was given, so whatever it throws of its
 * own is `INVALID`, with that as cause.
 */
export const typed =
  <Given extends readonly unknown[], Answer>(pure: (...given: Given) => Answer): ((...given: Given) => Answer) =>
  (...given) => {
    try {
      return pure(...given)
    } catch (error) {
      throw isTicketingError(error) ? error : unreadable(pure.name, error)
    }
  }

const unreadable = (name: string, cause: unknown): TicketingError =>
  new TicketingError('INVALID', `${name} cannot read what it was given`, { cause })
