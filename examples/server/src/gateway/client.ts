import type { GatewayAnswer, PaymentGateway } from '@b-ticketing/core/ports'
import { z } from 'zod'

const money = z.object({ value: z.int().min(0), currency: z.string() })

const answers = z.discriminatedUnion('is', [
  z.object({ is: z.literal('succeeded'), amount: money }),
  z.object({ is: z.literal('declined'), reason: z.string() }),
  z.object({ is: z.literal('pending') }),
  z.object({ is: z.literal('unknown') }),
  z.object({ is: z.literal('not-found') }),
])
const cancellations = z.object({ is: z.enum(['cancelled', 'captured', 'unknown']) })

/** How long one question may take; a charge lasts as long as its own signal says. */
const questionMs = 10_000

/**
 * The sandbox provider in a process of its own, over HTTP. Nothing it fails to say is taken for a no: a lost, late or
 * unreadable answer is `unknown`, and the engine asks again by key.
 */
export class SandboxGateway implements PaymentGateway {
  readonly #url: string

  constructor(url: string) {
    this.#url = url.replace(/\/$/, '')
  }

  async charge(p: Parameters<PaymentGateway['charge']>[0]): Promise<GatewayAnswer> {
    const { signal, ...order } = p
    return found(await this.#ask('/charges', answers, { body: order, signal }))
  }

  async find(p: Parameters<PaymentGateway['find']>[0]) {
    return (await this.#ask(`/charges/${p.key}`, answers, p)) ?? ({ is: 'unknown' } as const)
  }

  async cancel(p: Parameters<PaymentGateway['cancel']>[0]) {
    const { signal, ...body } = p
    const answer = await this.#ask('/cancellations', cancellations, { body, ...(signal && { signal }) })
    return answer?.is ?? 'unknown'
  }

  async refund(p: Parameters<PaymentGateway['refund']>[0]): Promise<GatewayAnswer> {
    const { signal, ...body } = p
    return found(await this.#ask('/refunds', answers, { body, ...(signal && { signal }) }))
  }

  /** Null when nothing readable came back. */
  async #ask<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    p: { readonly body?: unknown; readonly signal?: AbortSignal },
  ): Promise<z.output<Schema> | null> {
    try {
      const answer = await fetch(`${this.#url}${path}`, {
        ...(p.body !== undefined && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(p.body),
        }),
        signal: p.signal ?? AbortSignal.timeout(questionMs),
      })
      const parsed = schema.safeParse(await answer.json())
      return parsed.success ? parsed.data : null
    } catch {
      return null
    }
  }
}

const found = (answer: z.output<typeof answers> | null): GatewayAnswer =>
  answer === null || answer.is === 'not-found' ? { is: 'unknown' } : answer
