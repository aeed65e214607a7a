import { fenceSourceContract } from '@b-ticketing/core/conformance'
import { expect, test } from 'vitest'
import { createMysqlFenceSource } from './fence-source.ts'
import { describeSql } from './mysql.test-support.ts'

await describeSql('fencing epochs', (server) => {
  const subject = async () => {
    const database = await server.openDatabase()
    return { ...database, port: createMysqlFenceSource(database), reopen: () => createMysqlFenceSource(database) }
  }

  for (const { name, run } of fenceSourceContract(subject)) test(name, run)

  test('the last epoch is the last: the key is refused, and stays refused', async () => {
    await using database = await server.openDatabase()
    await database.rows('INSERT INTO bt_fence_epoch VALUES (?, ?)', ['lock-1', 2 ** 21 - 2])
    const source = createMysqlFenceSource(database)
    expect(await source.next({ key: 'lock-1' })).toBe(2 ** 21 - 1)
    for (let i = 0; i < 2; i++)
      await expect(source.next({ key: 'lock-1' })).rejects.toMatchObject({ code: 'STORE_FAULT' })
  })
})
