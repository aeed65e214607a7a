// The demo's server, a process of its own: the reference server as its main.ts builds it, and a window for the audit: asked over IPC
// for the record, it hands out the tables as they lie in the store.
import { isTicketingError } from '@b-ticketing/core'
import { createMemoryRecord } from '@b-ticketing/core/memory'
import { pino } from 'pino'
import { readEnvironment } from '../src/environment.ts'
import { createMetrics } from '../src/metrics.ts'
import { openServer } from '../src/server.ts'
import { openStores } from '../src/stores.ts'
import type { FromHouse, ToHouse } from './house-talk.ts'
import { newLineWatch, watched } from './line-watch.ts'
import { saleSettings, scheduleId } from './settings.ts'
import { dumpStore } from './store-dump.ts'

const say = (message: FromHouse): void => void process.send?.(message)

async function open() {
  const { settings, venue } = readEnvironment(process.env)
  const log = pino({ level: settings.logLevel })
  const metrics = createMetrics(log)
  const record = createMemoryRecord()
  const line = newLineWatch()
  const { stores, checks } = await openStores({ settings, log, record, observer: metrics.observer, onLost: fail })
  const seen = { ...stores, admissionQueue: watched(stores.admissionQueue, scheduleId, line) }
  const server = await openServer({ settings, log, metrics, stores: seen, checks, venue, sale: saleSettings })
  const size = (name: string): number => record.table({ name }).size
  const pulse = () => ({
    mails: server.mails().length,
    unfinished: size('payment-due') + size('outbox') + size('notice-open'),
  })
  const close = () => server.close({ graceMs: 500 })
  return { address: server.address, dump: () => dumpStore(record, line), pulse, close }
}

// Ctrl-C reaches every process of the terminal: the one that started this house decides when it closes.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))

try {
  const house = await open()
  process.on('message', ({ ask }: ToHouse) => {
    if (ask === 'record') return say({ say: 'record', record: house.dump() })
    if (ask === 'pulse') return say({ say: 'pulse', pulse: house.pulse() })
    void house.close().finally(() => process.exit(0))
  })
  say({ say: 'open', url: house.address })
} catch (error) {
  fail(reasonOf(error))
}

function fail(reason: string): void {
  say({ say: 'failed', reason })
  process.exitCode = 1
  process.disconnect()
}

function reasonOf(error: unknown): string {
  if (isTicketingError(error)) return `${error.message} ${JSON.stringify(error.details)}`.slice(0, 600)
  return error instanceof Error ? error.message : String(error)
}
