import { answerStoreContract } from '@b-ticketing/core/conformance'
import { expect, test } from 'vitest'
import { createMysqlAnswerStore } from './answer-store.ts'
import { describeSql } from './mysql.test-support.ts'

await describeSql('first answers', (server) => {
  const subject = async () => {
    const database = await server.openDatabase()
    return { ...database, port: createMysqlAnswerStore(database) }
  }

  for (const { name, run } of answerStoreContract(subject)) test(name, run)

  test('I15: processes that answer one key at once agree on the first answer', async () => {
    await using database = await server.openDatabase()
    const stores = [database, database.beside(), database.beside()].map(createMysqlAnswerStore)
    const kept = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        stores[i % 3]!.keep({ key: 'key', fingerprint: 'body', answer: JSON.stringify({ by: i }) }),
      ),
    )
    expect(new Set(kept.map(({ answer }) => answer)).size).toBe(1)
    expect(await stores[1]!.find({ key: 'key' })).toEqual(kept[0])
  })

  test('a lost reply of COMMIT is found again by its key, with the time it was kept at', async () => {
    await using database = await server.openDatabase()
    const losing = database.losing()
    losing.lose()
    const mine = { fingerprint: 'body', answer: '"first"' }
    expect(await createMysqlAnswerStore(losing).keep({ key: 'key', ...mine })).toEqual(mine)
    expect(await database.rows('SELECT answer_key, at FROM bt_answer')).toEqual([
      { answer_key: 'key', at: database.now() },
    ])
  })
})
