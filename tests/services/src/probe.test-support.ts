// A program that needs services: prints what it got. `own`: servers of its own, and then it waits to be killed.
import { ownKafka, ownRedis, ownSql, sharedKafka, sharedRedis, sharedSql } from './index.ts'

const print = (what: unknown) => console.log(JSON.stringify(what))

const modes: Record<string, () => Promise<void>> = {
  redis: async () => print(await sharedRedis()),
  mysql: async () => print(await sharedSql('mysql')),
  kafka: async () => print(await sharedKafka()),
  own: async () => {
    const [redis, sql, kafka] = await Promise.all([ownRedis(), ownSql('mariadb'), ownKafka()])
    print([redis?.servers[0]?.port, sql?.port, kafka?.port])
    await new Promise(() => setInterval(() => {}, 1_000))
  },
}

await modes[process.argv[2] ?? 'redis']?.()
// Its servers end with it.
process.exit(0)
