import { createHash, randomBytes } from 'node:crypto'
import { type Role, roles, type SaleSettings, type TokenSecret } from '@b-ticketing/core'

/** All that the environment says, checked. */
export interface Settings {
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Proxies in front of us whose `X-Forwarded-*` we believe. */
  readonly trustProxy: number
  /** Origins of other pages that may call us. */
  readonly allowedOrigins: readonly string[]
  /** Where the line, the seats and the locks live; null: embedded. */
  readonly redisUrl: string | null
  /** Where the record lives; null: in this process. */
  readonly mysqlUrl: string | null
  /** Where messages go; null: no further than this process. */
  readonly kafkaBrokers: readonly string[] | null
  /** Whose work this process does; null: all of it. */
  readonly role: Role | null
  readonly smtpUrl: string | null
  readonly mailFrom: string
  readonly gatewayUrl: string | null
  readonly tokenSecrets: readonly TokenSecret[]
  /** `whsec_<base64>` */
  readonly webhookSecret: string
  readonly adminToken: string | null
  /** Defaults of the schedule that is made at start. */
  readonly sale: Partial<SaleSettings>
  readonly joinsPerMinutePerAddress: number
  readonly requestsPerSecondPerAddress: number
  readonly logLevel: string
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly string[] }

type Env = Readonly<Record<string, string | undefined>>
type Report = (problem: string) => void

/** The settings, or everything that is wrong with them at once. Values of secrets never appear in a problem. */
export function readSettings(env: Env): SettingsResult {
  const problems: string[] = []
  const report: Report = (problem) => problems.push(problem)
  const text = (name: string): string | null => env[name]?.trim() || null
  const integer = integerReader(text, report)
  const production = text('NODE_ENV') === 'production'
  checkStores(text, report)
  const role = readRole(text, report)
  // Who has to choose other stores first need not hear what these would want.
  const store = problems.length > 0 ? undefined : storeNames.find((name) => text(name) !== null)
  const shared = production ? 'in production' : store ? `with ${store}` : null
  // A gateway of its own signs its calls with a secret that it was told, not with one made up here.
  const gatewayNeeds = !production && text('GATEWAY_URL') !== null ? 'with GATEWAY_URL' : null
  const settings: Settings = {
    production,
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 3_000, { min: 0, max: 65_535 }),
    trustProxy: integer('TRUST_PROXY', 0, { min: 0, max: 10 }),
    allowedOrigins: origins(text('ALLOWED_ORIGINS'), report),
    redisUrl: redisUrl(text('REDIS_URL'), report),
    mysqlUrl: mysqlUrl(text('MYSQL_URL'), report),
    kafkaBrokers: kafkaBrokers(text('KAFKA_BROKERS'), report),
    role,
    smtpUrl: url('SMTP_URL', text, ['smtp:', 'smtps:'], report),
    mailFrom: mailFrom(text('MAIL_FROM'), report),
    gatewayUrl: url('GATEWAY_URL', text, ['http:', 'https:'], report),
    tokenSecrets: tokenSecrets(text('TOKEN_SECRETS'), production, shared, report),
    webhookSecret: webhookSecret(text('WEBHOOK_SECRET'), production, gatewayNeeds ?? shared, report),
    adminToken: adminToken(text('ADMIN_TOKEN'), production, report),
    sale: {
      groupSize: integer('GROUP_SIZE', 120, { min: 1, max: 100_000 }),
      passTtlSeconds: integer('PASS_TTL_SECONDS', 600, { min: 1, max: 86_400 }),
      holdTtlSeconds: integer('HOLD_TTL_SECONDS', 300, { min: 1, max: 86_400 }),
      maxSeatsPerVisitor: integer('MAX_SEATS_PER_VISITOR', 4, { min: 1, max: 100 }),
      ratePerMinute: integer('ADMISSION_RATE_PER_MINUTE', 7_200, { min: 0, max: 1_000_000 }),
      capacity: integer('ADMISSION_CAPACITY', 2_400, { min: 0, max: 1_000_000 }),
    },
    joinsPerMinutePerAddress: integer('JOINS_PER_MINUTE_PER_ADDRESS', 6_000, { min: 0, max: 1e9 }),
    requestsPerSecondPerAddress: integer('REQUESTS_PER_SECOND_PER_ADDRESS', 2_000, { min: 0, max: 1e9 }),
    logLevel: logLevel(text('LOG_LEVEL'), report),
  }
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems }
}

type Text = (name: string) => string | null

const integerReader =
  (text: Text, report: Report) =>
  (name: string, fallback: number, range: { min: number; max: number }): number => {
    const given = text(name)
    if (given === null) return fallback
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
    if (value >= range.min && value <= range.max) return value
    report(`${name} must be a whole number from ${range.min} to ${range.max}`)
    return fallback
  }

const storeNames = ['REDIS_URL', 'MYSQL_URL', 'KAFKA_BROKERS']

/** none, Redis, Redis + MySQL, Redis + MySQL + Kafka: each step needs the ones before it. */
function checkStores(text: Text, report: Report): void {
  const [redis, mysql, kafka] = storeNames.map((name) => text(name) !== null)
  if (mysql && !redis) report('MYSQL_URL needs REDIS_URL: the line and the seat map live in Redis')
  if (kafka && !mysql) report('KAFKA_BROKERS needs MYSQL_URL: messages leave from the outbox in MySQL')
  if (kafka && !redis) report('KAFKA_BROKERS needs REDIS_URL: the line and the seat map live in Redis')
  if (redis && !mysql && !kafka && text('NODE_ENV') === 'production') {
    report(
      'REDIS_URL alone is for one process outside production: add MYSQL_URL, so that the record outlives the process',
    )
  }
}

function readRole(text: Text, report: Report): Role | null {
  const given = text('ROLE') ?? 'all'
  const role = roles.find((known) => known === given) ?? null
  if (role === null && given !== 'all') report(`ROLE must be one of all, ${roles.join(', ')}`)
  const missing = [...storeNames, 'GATEWAY_URL'].filter((name) => text(name) === null)
  if (role !== null && missing.length > 0) report(`ROLE=${role} needs ${missing.join(', ')}`)
  return role
}

/** The adapter reads the rest of it. */
function redisUrl(given: string | null, report: Report): string | null {
  if (given !== null && !/^rediss?(-sentinel|-cluster)?:\/\/./.test(given)) {
    report('REDIS_URL must begin with redis://, redis-sentinel:// or redis-cluster:// (rediss… for TLS)')
  }
  return given
}

function mysqlUrl(given: string | null, report: Report): string | null {
  if (given === null) return null
  const { protocol, hostname, pathname } = URL.canParse(given) ? new URL(given) : new URL('none:')
  const isOne = protocol === 'mysql:' && hostname !== '' && /^\/[^/]+$/.test(pathname)
  if (!isOne) report('MYSQL_URL must be mysql://user:password@host:port/database')
  return given
}

function kafkaBrokers(given: string | null, report: Report): readonly string[] | null {
  if (given === null) return null
  const brokers = given.split(',').map((broker) => broker.trim())
  if (brokers.every((broker) => /^[^\s:/]+:\d{1,5}$/.test(broker))) return brokers
  report('KAFKA_BROKERS must be host:port,…')
  return null
}

function url(name: string, text: Text, protocols: readonly string[], report: Report): string | null {
  const given = text(name)
  if (given === null) return null
  if (URL.canParse(given) && protocols.includes(new URL(given).protocol)) return given
  report(`${name} must be a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)
  return null
}

function mailFrom(given: string | null, report: Report): string {
  if (given !== null && !/^[^\s<>@,;]+@[^\s<>@,;]+$/.test(given)) {
    report('MAIL_FROM must be one address such as tickets@example.org')
  }
  return given ?? 'no-reply@localhost'
}

function origins(given: string | null, report: Report): readonly string[] {
  const list = (given ?? '').split(',').flatMap((entry) => entry.trim() || [])
  for (const origin of list) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      report('ALLOWED_ORIGINS must list origins such as https://tickets.example.org, separated by commas')
    }
  }
  return list
}

/** Values from tutorials and example files. */
const looksLikeDefault = (secret: string): boolean =>
  /change.?me|example|password|default/i.test(secret) || new Set(secret).size < 8

/** `required`: where it cannot be made up, null where it can. */
function tokenSecrets(
  given: string | null,
  production: boolean,
  required: string | null,
  report: Report,
): readonly TokenSecret[] {
  if (given === null) {
    if (required) report(`TOKEN_SECRETS is required ${required}: kid:secret,… (the first signs)`)
    return [{ kid: 'made-up', secret: randomBytes(32).toString('base64url') }]
  }
  const secrets = given.split(',').map((entry) => {
    const at = entry.indexOf(':')
    return { kid: entry.slice(0, Math.max(0, at)).trim(), secret: entry.slice(at + 1).trim() }
  })
  if (secrets.some(({ kid }) => !/^[A-Za-z0-9_-]{1,64}$/.test(kid))) {
    report('TOKEN_SECRETS must be kid:secret,… with kids of letters, digits, _ and -')
  }
  if (new Set(secrets.map(({ kid }) => kid)).size < secrets.length) report('TOKEN_SECRETS names a kid twice')
  if (secrets.some(({ secret }) => secret.length < (production ? leastSecret : 1))) {
    report(`TOKEN_SECRETS needs secrets of at least ${production ? leastSecret : 1} characters`)
  }
  if (production && secrets.some(({ secret }) => looksLikeDefault(secret))) {
    report('TOKEN_SECRETS holds a default or guessable secret')
  }
  return secrets.map(({ kid, secret }) => ({ kid, secret: secret.length < leastSecret ? stretched(secret) : secret }))
}

const leastSecret = 32

/** Outside production a short secret will do; the engine takes none, so it is brought to length. It is no safer for that. */
const stretched = (secret: string): string => createHash('sha256').update(secret).digest('hex')

function webhookSecret(given: string | null, production: boolean, required: string | null, report: Report): string {
  if (given === null) {
    if (required) report(`WEBHOOK_SECRET is required ${required}: whsec_<base64>`)
    return `whsec_${randomBytes(32).toString('base64')}`
  }
  const bytes = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(given)?.[1]
  const least = production ? 24 : 1
  if (bytes === undefined || Buffer.from(bytes, 'base64').length < least) {
    report(`WEBHOOK_SECRET must be whsec_<base64 of at least ${least} bytes>`)
  } else if (production && looksLikeDefault(bytes)) report('WEBHOOK_SECRET is a default or guessable secret')
  return given
}

function adminToken(given: string | null, production: boolean, report: Report): string | null {
  if (given === null) return null
  if (given.length < 24) report('ADMIN_TOKEN must have at least 24 characters')
  else if (production && looksLikeDefault(given)) report('ADMIN_TOKEN is a default or guessable token')
  return given
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent']

function logLevel(given: string | null, report: Report): string {
  if (given === null || logLevels.includes(given)) return given ?? 'info'
  report(`LOG_LEVEL must be one of ${logLevels.join(', ')}`)
  return 'info'
}
