import { paymentText } from '@b-ticketing/core'
import type { Id, PaymentStatus, PaymentView } from '@b-ticketing/core/ports'
import { type Keys, keptMs } from './keys.ts'
import { loadScript, type ScriptRunner } from './script.ts'

const putPayments = loadScript('put-payments')
const readPayments = loadScript('read-payments')

/** Payment states under `payment:status:<requestId>`, with the Korean line of each state beside it. */
export function createRedisPaymentView(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'paymentStatus'>
  /** In a cluster every payment has a slot of its own, so each goes alone; else one call carries all. */
  readonly isCluster: boolean
}): PaymentView {
  const keyOf = ({ requestId }: { readonly requestId: Id }) => p.keys.paymentStatus(requestId)
  const calls = <T>(items: readonly T[]): readonly (readonly T[])[] =>
    p.isCluster ? items.map((item) => [item]) : items.length > 0 ? [items] : []

  return {
    async put({ payments }) {
      await Promise.all(
        calls(payments).map((some) =>
          p.scripts.run(putPayments, { keys: some.map(keyOf), args: [keptMs, ...some.flatMap(fieldsOf)] }),
        ),
      )
    },

    async get({ requestIds }) {
      const ids = requestIds.map((requestId) => ({ requestId }))
      const replies = await Promise.all(
        calls(ids).map((some) => p.scripts.run(readPayments, { keys: some.map(keyOf) }) as Promise<(string | null)[]>),
      )
      return replies.flat().map(parse)
    },
  }
}

const fieldsOf = (status: PaymentStatus): readonly (string | number)[] => [
  status.version,
  status.status,
  paymentText(status),
  JSON.stringify(status),
]

/** What cannot be read is not known here; the record knows. */
function parse(document: string | null): PaymentStatus | null {
  try {
    return document === null ? null : (JSON.parse(document) as PaymentStatus)
  } catch {
    return null
  }
}
