// The sandbox provider as its own small process: HOST, PORT (4000), WEBHOOK_URL, WEBHOOK_SECRET.
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@b-ticketing/core'
import { createScriptedGateway } from '@b-ticketing/core/memory'
import closeWithGrace from 'close-with-grace'
import { sandboxServer } from './sandbox.ts'
import { webhookSender } from './webhook-sender.ts'

const { HOST = '127.0.0.1', PORT = '4000', WEBHOOK_URL = '', WEBHOOK_SECRET = '' } = process.env
if (!URL.canParse(WEBHOOK_URL) || !WEBHOOK_SECRET.startsWith('whsec_')) {
  console.error('the sandbox gateway needs WEBHOOK_URL and WEBHOOK_SECRET (whsec_<base64>)')
  process.exit(1)
}
const deliver = webhookSender({ url: () => WEBHOOK_URL, secret: WEBHOOK_SECRET, now: Date.now })
const server = sandboxServer(createScriptedGateway({ runtime: systemRuntime, deliver }))
server.listen(Number(PORT), HOST, () => {
  console.log(`sandbox gateway on http://${HOST}:${(server.address() as AddressInfo).port}`)
})
closeWithGrace({ delay: 10_000, logger: false }, async () => {
  server.close()
  server.closeAllConnections()
})
