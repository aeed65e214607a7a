export const saleStates = ['scheduled', 'prequeue', 'open', 'paused', 'draining', 'ended'] as const
export type SaleState = (typeof saleStates)[number]
