import type { GatewayWebhook } from '@b-ticketing/core/ports'
import { sign } from './signature.ts'

/** Delivers webhooks as the provider would: signed, over HTTP. A refusal or fault throws, so that the sandbox tries again. */
export const webhookSender =
  (p: { url: () => string; secret: string; now: () => number }) =>
  async ({ webhookId: id, timestamp, event }: GatewayWebhook): Promise<void> => {
    const { type, ...data } = event
    const body = JSON.stringify({ type, timestamp: new Date(timestamp).toISOString(), data })
    const answer = await fetch(p.url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...sign({ secret: p.secret, id, atMs: p.now(), body }) },
      body,
      signal: AbortSignal.timeout(10_000),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`webhook refused: ${answer.status}`)
  }
