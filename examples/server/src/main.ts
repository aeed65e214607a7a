// The server from its environment: settings → stores → server → shut down.
import { systemRuntime } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { openServer, readVenue } from './server.ts'
import { readSettings } from './settings.ts'

try {
  const read = readSettings(process.env)
  if (!read.ok) throw new Error(['the settings are wrong:', ...read.problems].join('\n  - '))
  const { settings } = read
  const log = pino({ level: settings.logLevel })
  const stores = inMemoryAdapters({ runtime: systemRuntime })
  const server = await openServer({ settings, log, stores, venue: readVenue(settings) })
  log.info({ address: server.address, page: `${server.address}/booking/game-1` }, 'listening')

  closeWithGrace({ delay: 15_000, logger: log }, async ({ err, signal }) => {
    log.info({ err, signal }, 'shutting down')
    await server.close()
  })
} catch (error) {
  // What an operator can put right is a clear line, not a stack.
  console.error(`the server did not start: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
