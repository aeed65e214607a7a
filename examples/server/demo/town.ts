import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { freePort } from '@b-ticketing/services'
import type { LedgerLine } from './audit/evidence.ts'
import { type House, systemEnv } from './house-process.ts'
import { catchMail } from './mail-catcher.ts'
import { openMysqlBooks } from './mysql-books.ts'
import { createOperator } from './operator.ts'
import { type Program, startProgram } from './program.ts'
import { watchRedisLine } from './redis-line.ts'
import type { AllServices } from './services.ts'
import { houseEnv, saleSettings, scheduleId } from './settings.ts'

const serverFile = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const gatewayFile = fileURLToPath(new URL('../src/gateway/main.ts', import.meta.url))

/**
 * The same house on real services, each part of it a process of its own: two web servers, a payment worker, a notification worker,
 * the sandbox gateway. The audit reads the record in MySQL, the gateway's ledger and the mailbox, and asks no server.
 * @throws Error with one line
 */
export async function openTown(p: {
  readonly port: number
  readonly venueFile: string | null
  readonly services: AllServices
}): Promise<House> {
  const { services, venueFile } = p
  const adminToken = randomBytes(24).toString('base64url')
  const programs: Program[] = []
  const start = (program: Program): Program => {
    programs.push(program)
    return program
  }
  const mail = await catchMail()
  const books = openMysqlBooks(services.mysqlUrl)
  const line = watchRedisLine({ url: services.redisUrl, scheduleId })
  const close = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.close()))
    await Promise.all([line.stop(), books.close(), mail.close()])
  }
  try {
    const port = p.port === 0 ? await freePort() : p.port
    const gateway = await start(startGateway({ services, port })).address
    const env = { ...services.env, GATEWAY_URL: gateway, SMTP_URL: mail.url, LOG_LEVEL: 'info' }
    const server = (role: string, at: number): Promise<string> => {
      const own = { ...houseEnv({ port: at, adminToken, venueFile }), ...env, ROLE: role }
      return start(startServer(role, own)).address
    }
    const [first, second] = await Promise.all([server('web', port), server('web', 0)])
    await Promise.all([server('payment', 0), server('notification', 0)])
    const urls = [first, second]
    await createOperator({ urls, adminToken }).set({ scheduleId, settings: saleSettings })
    const crashed = Promise.race(programs.map((program) => program.crashed))
    crashed.catch(() => {})
    return {
      urls,
      adminToken,
      crashed,
      close,
      get complaints() {
        return programs.flatMap((program) => program.complaints)
      },
      pulse: async () => ({ mails: mail.mails.length, unfinished: await books.unfinished() }),
      books: async () => ({
        store: { ...(await books.read()), line: line.seen },
        ledger: ((await (await fetch(`${gateway}/ledger`)).json()) as { entries: readonly LedgerLine[] }).entries,
        mails: mail.mails,
      }),
    }
  } catch (error) {
    await close()
    throw error
  }
}

const startServer = (role: string, env: Readonly<Record<string, string>>): Program =>
  startProgram({
    name: `${role} server`,
    file: serverFile,
    env: { ...systemEnv(), ...env },
    listening: /"address":"(http[^"]+)"/,
  })

/** It calls back the first web server. */
const startGateway = (p: { readonly services: AllServices; readonly port: number }): Program =>
  startProgram({
    name: 'gateway',
    file: gatewayFile,
    env: {
      ...systemEnv(),
      PORT: '0',
      WEBHOOK_URL: `http://127.0.0.1:${p.port}/webhooks/payments`,
      WEBHOOK_SECRET: p.services.env.WEBHOOK_SECRET ?? '',
    },
    listening: /sandbox gateway on (http\S+)/,
  })
