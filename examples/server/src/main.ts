// The server from its environment: settings → stores → server → shut down.
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { answerArguments } from './command-line.ts'
import { readEnvironment } from './environment.ts'
import { createMetrics } from './metrics.ts'
import { openServer } from './server.ts'
import { openStores } from './stores.ts'
import { hearWarnings } from './warnings.ts'

const answer = answerArguments(process.argv.slice(2))
if (answer !== null) {
  const print = answer.code === 0 ? console.log : console.error
  print(answer.text)
  process.exit(answer.code)
}

try {
  const { settings, venue } = readEnvironment(process.env)
  const log = pino({ level: settings.logLevel })
  hearWarnings((line) => log.warn(line))
  const metrics = createMetrics(log)
  // What was sold here is not in the other's record: no request may be served any more, not even those under way.
  const onLost = (why: string): void => fail(`the server stops: ${why}`)
  const opened = await openStores({ settings, log, observer: metrics.observer, onLost })
  const server = await openServer({ settings, log, metrics, venue, ...opened })
  closeWithGrace({ delay: 15_000, logger: log }, async ({ err, signal }) => {
    log.info({ err, signal }, 'shutting down')
    await server.close()
  })
  log.info({ address: server.address, page: `${server.address}/booking/game-1` }, 'listening')
} catch (error) {
  fail(`the server did not start: ${reasonOf(error)}`)
}

/** What an operator can put right is a clear line, not a stack. */
function fail(line: string): never {
  console.error(line)
  process.exit(1)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isTaken = 'code' in error && error.code === 'EADDRINUSE'
  return isTaken ? `${error.message}; choose another port: PORT=4000 npm start` : error.message
}
