/** A payment as its fan saw it end. */
export interface Receipt {
  readonly reservationId: string
  readonly email: string
  readonly seatIds: readonly string[]
  readonly amount: number
}

/** What the crowd itself wrote down: live counts, and what the audit holds against the books of the house. */
export interface CrowdBooks {
  arrived: number
  waiting: number
  inside: number
  /** Seats in holds that their fans still look at, or pay for. */
  holding: number
  paying: number
  paid: number
  seatsPaid: number
  failed: number
  /** Nothing was left, or came too late with hold or pass. */
  turnedAway: number
  /** Left the line, went away while waiting, abandoned a hold. */
  gone: number
  /** Answers of 429 and 503, all followed by another try after `Retry-After`. */
  askedToWait: number
  readonly numbers: number[]
  /** COMPLETED as fans saw it, by requestId. */
  readonly receipts: Map<string, Receipt>
  /** Requests sent a second time, and those whose two answers differed. */
  readonly repeats: { asked: number; readonly differed: string[] }
  /** Tries to reach the seats without a pass, and those that were let in. */
  readonly pushes: { refused: number; readonly letIn: string[] }
  /** Answers that the contract does not foresee at that step. */
  readonly surprises: string[]
}

export const newCrowdBooks = (): CrowdBooks => ({
  arrived: 0,
  waiting: 0,
  inside: 0,
  holding: 0,
  paying: 0,
  paid: 0,
  seatsPaid: 0,
  failed: 0,
  turnedAway: 0,
  gone: 0,
  askedToWait: 0,
  numbers: [],
  receipts: new Map(),
  repeats: { asked: 0, differed: [] },
  pushes: { refused: 0, letIn: [] },
  surprises: [],
})
