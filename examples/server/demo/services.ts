import { randomBytes } from 'node:crypto'
import { ownKafka, ownRedis, ownSql } from '@b-ticketing/services'
import type { DemoOptions } from './options.ts'

/** What the sale stands on beside the server. */
export interface Services {
  /** In words. */
  readonly on: string
  /** The server's settings that name them. */
  readonly env: Readonly<Record<string, string>>
  readonly redisUrl: string | null
  /** Of a sale on all of them. */
  readonly all: AllServices | null
  close(): Promise<void>
}

export interface AllServices {
  readonly env: Readonly<Record<string, string>>
  readonly redisUrl: string
  readonly mysqlUrl: string
}

/** Real servers of the demo's own; they end with it. @throws Error with one line */
export async function openServices({ redis, services }: Pick<DemoOptions, 'redis' | 'services'>): Promise<Services> {
  if (services) return openAll()
  if (redis) return openRedis()
  return { on: 'embedded: no Redis, MySQL or Kafka', env: {}, redisUrl: null, all: null, close: async () => {} }
}

async function openRedis(): Promise<Services> {
  const { url, close } = started('--redis', 'Redis', await ownRedis())
  const env = { REDIS_URL: url, ...secrets() }
  return { on: `Redis on ${url}; the record in the server`, env, redisUrl: url, all: null, close }
}

async function openAll(): Promise<Services> {
  const opening = [ownRedis('single', ['--appendonly', 'yes']), ownSql('mysql'), ownKafka()] as const
  const close = async (): Promise<void> => {
    const opened = await Promise.allSettled(opening)
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value?.close() : undefined)))
  }
  try {
    const [redis, sql, kafka] = await Promise.all(opening)
    const { url: redisUrl } = started('--services', 'Redis', redis)
    const mysql = started('--services', 'MySQL', sql)
    const { brokers } = started('--services', 'Kafka', kafka)
    const { uri: mysqlUrl } = await mysql.createDatabase()
    const env = { REDIS_URL: redisUrl, MYSQL_URL: mysqlUrl, KAFKA_BROKERS: brokers.join(','), ...secrets() }
    const product = mysql.product === 'mysql' ? 'MySQL' : 'MariaDB'
    const on = `Redis, ${product} and Kafka; with a payment worker, a notification worker, a gateway and a mail catcher`
    return { on, env, redisUrl, all: { env, redisUrl, mysqlUrl }, close }
  } catch (error) {
    await close()
    throw error
  }
}

function started<Service>(flag: string, name: string, service: Service | null): Service {
  if (service === null) throw new Error(`${flag} needs ${name}, and none could be started here`)
  return service
}

/** What servers that share a store have to be told. */
const secrets = () => ({
  TOKEN_SECRETS: `demo:${randomBytes(32).toString('base64url')}`,
  WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
})
