import { describe, expect, test } from 'vitest'
import { readSettings } from '../src/settings.ts'

const secret = 'key-material-of-some-forty-characters-0123'
const webhook = `whsec_${Buffer.from('0123456789abcdefghijklmnop').toString('base64')}`
const production = { NODE_ENV: 'production', TOKEN_SECRETS: `a:${secret}`, WEBHOOK_SECRET: webhook }

function problemsOf(env: Record<string, string>): readonly string[] {
  const result = readSettings(env)
  return result.ok ? [] : result.problems
}

test('an empty environment is the embedded default', () => {
  const result = readSettings({})
  if (!result.ok) throw new Error(result.problems.join())
  expect(result.settings).toMatchObject({
    production: false,
    host: '127.0.0.1',
    port: 3_000,
    trustProxy: 0,
    adminToken: null,
    joinsPerMinutePerAddress: 6_000,
    requestsPerSecondPerAddress: 2_000,
    sale: {
      groupSize: 120,
      passTtlSeconds: 600,
      holdTtlSeconds: 300,
      maxSeatsPerVisitor: 4,
      ratePerMinute: 7_200,
      capacity: 2_400,
    },
  })
  expect(result.settings.tokenSecrets[0]?.secret.length).toBeGreaterThanOrEqual(32)
  expect(result.settings.webhookSecret).toMatch(/^whsec_/)
})

test('everything that is wrong is told at once', () => {
  const problems = problemsOf({
    PORT: '70000',
    GROUP_SIZE: 'many',
    ADMIN_TOKEN: 'short',
    SMTP_URL: 'mail',
    ROLE: 'chef',
  })
  expect(problems).toHaveLength(5)
  for (const name of ['PORT', 'GROUP_SIZE', 'ADMIN_TOKEN', 'SMTP_URL', 'ROLE']) {
    expect(problems.some((problem) => problem.includes(name))).toBe(true)
  }
})

test.each([
  ['PORT', '-1'],
  ['PORT', '3e3'],
  ['TRUST_PROXY', 'yes'],
  ['HOLD_TTL_SECONDS', '0'],
  ['ADMISSION_CAPACITY', 'NaN'],
  ['REQUESTS_PER_SECOND_PER_ADDRESS', '1.5'],
  ['GATEWAY_URL', 'ftp://gateway'],
  ['WEBHOOK_SECRET', 'secret'],
  ['TOKEN_SECRETS', 'a:'],
  ['TOKEN_SECRETS', secret],
  ['LOG_LEVEL', 'loud'],
  ['MAIL_FROM', 'box office'],
  ['MAIL_FROM', 'a@b.kr, c@d.kr'],
  ['MAIL_FROM', 'Box <a@b.kr>\r\nBcc: all@b.kr'],
  ['ALLOWED_ORIGINS', 'tickets.example.org'],
])('%s=%s is refused by name', (name, value) => {
  expect(problemsOf({ [name]: value }).join()).toContain(name)
})

describe('mixtures of stores', () => {
  test.each([
    [{ MYSQL_URL: 'mysql://db/x' }, 'MYSQL_URL needs REDIS_URL'],
    [{ KAFKA_BROKERS: 'k:9092' }, 'KAFKA_BROKERS needs MYSQL_URL'],
    [{ REDIS_URL: 'redis://r', KAFKA_BROKERS: 'k:9092' }, 'KAFKA_BROKERS needs MYSQL_URL'],
    [{ ROLE: 'web' }, 'ROLE=web needs REDIS_URL, MYSQL_URL, KAFKA_BROKERS, GATEWAY_URL'],
  ])('%o is refused with the reason', (env, reason) => {
    expect(problemsOf(env).join('\n')).toContain(reason)
  })

  test.each([
    'redis://r',
    'rediss://user:word@r:6380/1',
    'redis-sentinel://a:26379,b:26379/main',
    'redis-cluster://a:7000,b:7000',
  ])('REDIS_URL=%s', (url) => {
    const secrets = { TOKEN_SECRETS: `a:${secret}`, WEBHOOK_SECRET: webhook }
    const result = readSettings({ REDIS_URL: url, ...secrets })
    expect(result.ok && result.settings.redisUrl).toBe(url)
  })

  test('each store beside those before it, and a role of its own', () => {
    const env = {
      ...{ TOKEN_SECRETS: `a:${secret}`, WEBHOOK_SECRET: webhook, GATEWAY_URL: 'http://127.0.0.1:4000' },
      ...{ REDIS_URL: 'redis://r', MYSQL_URL: 'mysql://u:p@db:3306/sale', KAFKA_BROKERS: 'a:9092, b:9092' },
    }
    const read = (more: Record<string, string>) => {
      const result = readSettings({ ...env, ...more })
      return result.ok ? result.settings : result.problems
    }
    expect(read({})).toMatchObject({ mysqlUrl: env.MYSQL_URL, kafkaBrokers: ['a:9092', 'b:9092'], role: null })
    expect(read({ ROLE: 'all' })).toMatchObject({ role: null })
    expect(read({ ROLE: 'payment', NODE_ENV: 'production' })).toMatchObject({ role: 'payment', production: true })
    expect(read({ KAFKA_BROKERS: '' })).toMatchObject({ kafkaBrokers: null })
  })

  test.each([
    ['MYSQL_URL', 'mysql://u:p@db:3306'],
    ['MYSQL_URL', 'postgres://u:p@db/sale'],
    ['MYSQL_URL', 'mysql'],
    ['KAFKA_BROKERS', 'kafka'],
    ['KAFKA_BROKERS', 'http://kafka:9092'],
    ['KAFKA_BROKERS', 'a:9092,'],
  ])('%s=%s is refused by name', (name, value) => {
    const stores = { REDIS_URL: 'redis://r', MYSQL_URL: 'mysql://u:p@db/sale', KAFKA_BROKERS: 'a:9092' }
    expect(problemsOf({ ...stores, [name]: value }).join()).toContain(`${name} must be`)
  })

  test('a mixture that cannot be is the only complaint', () => {
    expect(problemsOf({ MYSQL_URL: 'mysql://db/x' }).join()).not.toContain('SECRET')
    expect(problemsOf({ REDIS_URL: 'http://r' })).toContainEqual(expect.stringContaining('REDIS_URL must begin with'))
  })

  test('Redis alone is refused in production', () => {
    expect(problemsOf({ ...production, REDIS_URL: 'redis://r' }).join('\n')).toContain('outside production')
  })

  test('secrets are made up only where nobody else has to know them', () => {
    const redis = problemsOf({ REDIS_URL: 'redis://r' }).join('\n')
    expect(redis).toContain('TOKEN_SECRETS is required with REDIS_URL')
    expect(redis).toContain('WEBHOOK_SECRET is required with REDIS_URL')
    const gateway = { GATEWAY_URL: 'http://127.0.0.1:4000' }
    expect(problemsOf(gateway)).toEqual([expect.stringContaining('WEBHOOK_SECRET is required with GATEWAY_URL')])
    expect(problemsOf({ ...gateway, WEBHOOK_SECRET: webhook })).toEqual([])
  })
})

describe('production', () => {
  test('needs its secrets', () => {
    const problems = problemsOf({ NODE_ENV: 'production' }).join()
    expect(problems).toContain('TOKEN_SECRETS')
    expect(problems).toContain('WEBHOOK_SECRET')
    expect(problemsOf(production)).toEqual([])
  })

  test('refuses secrets that come from an example', () => {
    expect(problemsOf({ ...production, TOKEN_SECRETS: `a:${'change-me-'.repeat(4)}` }).join()).toContain(
      'TOKEN_SECRETS',
    )
    expect(problemsOf({ ...production, ADMIN_TOKEN: 'a'.repeat(30) }).join()).toContain('ADMIN_TOKEN')
  })
})

test('no problem ever repeats a secret', () => {
  const leak = 'leak-leak-leak'
  const text = problemsOf({
    NODE_ENV: 'production',
    TOKEN_SECRETS: leak,
    WEBHOOK_SECRET: leak,
    ADMIN_TOKEN: leak,
    SMTP_URL: `nonsense://user:${leak}@host`,
  }).join('\n')
  expect(text).not.toContain(leak)
})

test('several token secrets: the first signs, kids are unique', () => {
  const result = readSettings({ TOKEN_SECRETS: `new:${secret},old:${secret}x` })
  expect(result.ok && result.settings.tokenSecrets.map(({ kid }) => kid)).toEqual(['new', 'old'])
  expect(problemsOf({ TOKEN_SECRETS: `a:${secret},a:${secret}` }).join()).toContain('twice')
})

test('a short secret starts outside production only', () => {
  const short = { TOKEN_SECRETS: 'a:short', WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }
  expect(problemsOf(short)).toEqual([])
  expect(problemsOf({ ...short, NODE_ENV: 'production' }).join()).toMatch(/TOKEN_SECRETS.*WEBHOOK_SECRET/)
})
