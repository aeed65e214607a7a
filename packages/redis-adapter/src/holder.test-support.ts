// A process that holds a lease: prints its number, and on every line of its input whether it still may renew and release it.
import { createInterface } from 'node:readline'
import { redisAdapters } from './index.ts'

const [, , url = '', prefix = '', ttl = '0'] = process.argv
const { lockStore, close } = redisAdapters({ url }, { prefix })
const terms = { key: 'lock-1', owner: 'holder', ttlMs: Number(ttl) }
const grant = await lockStore.acquire(terms)
if (!grant.ok) throw new Error('a free key was refused')
console.log(grant.fence)

for await (const _ of createInterface({ input: process.stdin })) {
  const { fence } = grant
  console.log(
    JSON.stringify([await lockStore.renew({ ...terms, fence }), await lockStore.release({ ...terms, fence })]),
  )
}
await close()
