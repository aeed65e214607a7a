import type { AnswerStore } from '@b-ticketing/core/ports'
import { type IdempotencyStore, keyReused } from './idempotency.ts'
import type { Reply } from './route.ts'

/**
 * First answers in the record: a repeat gets them at any process, and after a restart. The record is asked before the work is
 * done, so that nothing happens while it is away; an answer that it does not take afterwards is given all the same.
 */
export const createRecordedAnswers = (p: {
  readonly answerStore: AnswerStore
  /** An answer could not be kept: only this process knows it. */
  readonly onLost: (error: unknown) => undefined
}): IdempotencyStore => ({
  async run({ key, fingerprint, work }) {
    const known = await p.answerStore.find({ key })
    if (known) {
      if (known.fingerprint !== fingerprint) throw keyReused()
      return JSON.parse(known.answer) as Reply
    }
    const reply = await work()
    if (reply.status >= 300) return reply
    const first = await p.answerStore.keep({ key, fingerprint, answer: textOf(reply) }).catch(p.onLost)
    // Another process may have been faster; what was done here for another body is told as it is.
    return first?.fingerprint === fingerprint ? (JSON.parse(first.answer) as Reply) : reply
  },
})

const textOf = ({ status, headers, body }: Reply): string => JSON.stringify({ status, headers, body })
