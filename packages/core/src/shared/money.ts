/** An amount in minor units of its currency (KRW has none: 42000 is ₩42,000). `value` is a safe integer ≥ 0. */
export interface Money {
  readonly value: number
  readonly currency: string
}

export const sameMoney = (a: Money, b: Money): boolean => a.value === b.value && a.currency === b.currency
