import type { Random } from './random.ts'

/** What a fan is like. */
export interface Character {
  readonly party: number
  /** Most let the house find seats together. */
  readonly chooses: 'auto' | 'by-hand'
  readonly does: 'buys' | 'gives the hold back' | 'abandons the hold' | 'leaves the line' | 'goes away while waiting'
  readonly card: Card
  /** Sends every request twice, as a nervous finger or a retrying proxy does. */
  readonly repeats: boolean
  /** Tries the seats before it is let in: without a pass, and with its queue ticket for one. */
  readonly pushesIn: boolean
  /** Waits for the outcome of a payment however long it takes; others cancel it after a while. */
  readonly patient: boolean
  /** How long it looks and types, a factor; 0: a robot. */
  readonly pace: number
}

export const cards = [
  'tok_approve',
  'tok_decline',
  'tok_slow',
  'tok_timeout',
  'tok_charged_then_timeout',
  'tok_late',
  'tok_duplicate',
] as const
export type Card = (typeof cards)[number]

/** A sale of so many fans takes as long as a card that times out: some of the first may wait for that. */
const longSale = 5_000

/**
 * The n-th fan of the crowd. Cards that keep an outcome open for ten seconds and more (`tok_timeout` for up to a minute) are
 * carried by the first fans only, so that everything is settled at the end. Of the holds, fewer are abandoned than the 40 % of
 * data/onsale-facts.md, since a fan here comes once and does not try again.
 */
export function character(p: { readonly random: Random; readonly nth: number; readonly fans: number }): Character {
  const { random, nth, fans } = p
  const early = nth < fans / 8
  return {
    party: Number(random.weighted({ 1: 10, 2: 20, 3: 30, 4: 40 })),
    chooses: random.weighted({ auto: 85, 'by-hand': 15 }),
    does: random.weighted({
      buys: 84,
      'gives the hold back': 3,
      'abandons the hold': 3,
      'leaves the line': 5,
      'goes away while waiting': 5,
    }),
    card: random.weighted<Card>({
      tok_approve: 86,
      tok_decline: 6,
      tok_slow: 3,
      tok_duplicate: 3,
      tok_late: early ? 2 : 0,
      tok_charged_then_timeout: early ? 2 : 0,
      tok_timeout: early ? 2 : 0,
    }),
    repeats: random.next() < 0.08,
    pushesIn: random.next() < 0.01,
    patient: fans >= longSale && nth < 100,
    pace: 0.5 + random.next(),
  }
}

/** One of the last fans: takes a single seat that came back, and nothing goes wrong. */
export const lastFan: Character = {
  party: 1,
  chooses: 'auto',
  does: 'buys',
  card: 'tok_approve',
  repeats: false,
  pushesIn: false,
  patient: true,
  pace: 0,
}
