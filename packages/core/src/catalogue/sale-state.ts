export const saleStates = ['scheduled', 'prequeue', 'open', 'paused', 'draining', 'ended'] as const
export type SaleState = (typeof saleStates)[number]

/**
 * The chain `scheduled → prequeue → open → paused ⇄ open → draining → ended`, and nothing else: a scheduled sale opens through
 * its pre-queue, a paused one goes on before it drains, an ended one stays ended, and no state is a jump to itself.
 */
export const saleJumps: Readonly<Record<SaleState, readonly SaleState[]>> = {
  scheduled: ['prequeue'],
  prequeue: ['open'],
  open: ['paused', 'draining'],
  paused: ['open'],
  draining: ['ended'],
  ended: [],
}

export const canJump = (from: SaleState, to: SaleState): boolean => saleJumps[from].includes(to)

export const isSaleState = (value: unknown): value is SaleState => saleStates.some((state) => state === value)

/** The next jump on the way to `open`; null when the sale is open already or past it. */
export const jumpToOpen = (from: SaleState): SaleState | null =>
  from === 'scheduled' || from === 'prequeue' ? (saleJumps[from][0] ?? null) : null
