/** What buyers pay with: the sandbox's tokens, the good ones more often, and one of our own. */
export const tokens = [
  'tok_approve',
  'tok_approve',
  'tok_approve',
  'tok_approve',
  'tok_decline',
  'tok_slow',
  'tok_timeout',
  'tok_charged_then_timeout',
  'tok_late',
  'tok_duplicate',
  'tok_wrong_amount',
  /** Declined, and some time later captured all the same. */
  'tok_fickle',
  'tok_fickle',
] as const
