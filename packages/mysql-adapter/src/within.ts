import { unavailable } from './fault.ts'

/** @throws TicketingError `BUSY` after `ms`; a connection that comes later goes back to its pool. */
export async function within<T>(ms: number, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let late = false
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true
      reject(unavailable(`no connection to the database was free within ${ms} ms`))
    }, ms)
  })
  asked.then(
    (got) => late && (got as { release?(): void } | undefined)?.release?.(),
    () => {},
  )
  try {
    return await Promise.race([asked, over])
  } finally {
    clearTimeout(timer)
  }
}
