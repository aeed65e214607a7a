// A program that needs Redis: prints what it got. `own`: a server of its own, and then it waits to be killed.
import { ownRedis, sharedRedis } from './index.ts'

if (process.argv[2] === 'own') {
  const redis = await ownRedis()
  console.log(JSON.stringify({ url: redis?.url, port: redis?.servers[0]?.port }))
  setInterval(() => {}, 1_000)
} else {
  console.log(JSON.stringify(await sharedRedis()))
  // Its servers end with it.
  process.exit(0)
}
