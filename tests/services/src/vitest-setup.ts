import { openKeeper } from './keeper.ts'

/** vitest's globalSetup: nothing is started here, only kept and ended. */
export async function setup(): Promise<() => Promise<void>> {
  const keeper = await openKeeper()
  return keeper.close
}
