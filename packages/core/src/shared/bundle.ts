/**
 * The doors of one bundle, each of which closes all of it: an engine that is given any of them closes the bundle, whatever else is
 * spread beside it. `close` is for use without an engine; once closed, closing again does nothing.
 */
export function bundle<Doors extends Readonly<Record<string, object>>>(
  doors: Doors,
  close: () => Promise<void>,
): Doors & { close(): Promise<void> } {
  let closed: Promise<void> | null = null
  const once = (): Promise<void> => {
    closed ??= close()
    return closed
  }
  for (const door of Object.values(doors))
    Object.defineProperty(door, Symbol.asyncDispose, { value: once, configurable: true })
  return { ...doors, close: once }
}

/** Closes every adapter that has something to close, each once, also when another fails. @throws what the first of them threw. */
export async function closeAll(adapters: Iterable<object>): Promise<void> {
  const closing = [...new Set(adapters)].map(async (adapter) => {
    await (adapter as Partial<AsyncDisposable>)[Symbol.asyncDispose]?.()
  })
  const failed = (await Promise.allSettled(closing)).find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
