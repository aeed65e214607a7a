import { expect, test } from 'vitest'
import { redisAdapters } from './index.ts'
import { parseRedisUrl } from './redis-url.ts'

test.each([
  ['redis://localhost', { topology: 'single', hosts: [{ host: 'localhost', port: 6379 }], db: 0, tls: false }],
  ['rediss://cache.example:6380/2', { hosts: [{ host: 'cache.example', port: 6380 }], db: 2, tls: true }],
  ['redis://:p%40ss@10.0.0.1', { password: 'p@ss', hosts: [{ host: '10.0.0.1', port: 6379 }] }],
  ['redis://me:secret@[::1]:7000/', { username: 'me', password: 'secret', hosts: [{ host: '::1', port: 7000 }] }],
  [
    'redis-sentinel://:s@a:1,b,[::1]:3/main/4',
    {
      topology: 'sentinel',
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26379 },
        { host: '::1', port: 3 },
      ],
      name: 'main',
      db: 4,
    },
  ],
  [
    'rediss-cluster://a:1,b',
    {
      topology: 'cluster',
      tls: true,
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
    },
  ],
])('%s', (url, expected) => {
  expect(parseRedisUrl(url)).toMatchObject(expected)
})

test.each([
  '',
  'localhost:6379',
  'http://localhost',
  'redis://',
  'redis://a,b',
  'redis://a:0',
  'redis://a:70000',
  'redis://a:b',
  'redis://a/b',
  'redis://a/0/1',
  'redis://%zz:secret@a',
  'redis-sentinel://a:1',
  'redis-sentinel://a:1/',
  'redis-cluster://a:1/3',
  'redis-cluster://a:1,,b',
])('%s is CONFIG_INVALID, and the password is not told', (url) => {
  let error: unknown
  try {
    redisAdapters({ url })
  } catch (thrown) {
    error = thrown
  }
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(String(error)).not.toContain('secret')
})

test.each<readonly [redis: unknown, options: unknown]>([
  [undefined, {}],
  [null, {}],
  [{}, {}],
  [{ url: 7 }, {}],
  [{ url: 'redis://a' }, { timeoutMs: 0 }],
  [{ url: 'redis://a' }, { timeoutMs: 1.5 }],
  [{ url: 'redis://a' }, { timeoutMs: 2 ** 31 }],
  [{ url: 'redis://a' }, { timeoutMs: Number.NaN }],
  [{ url: 'redis://a' }, { timeoutMs: '5' }],
  [{ url: 'redis://a' }, { prefix: 7 }],
])('redisAdapters(%o, %o) is CONFIG_INVALID', (redis, options) => {
  const open = () => redisAdapters(redis as never, options as never)
  expect(open).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
