import { deadLettersContract } from '@b-ticketing/core/conformance'
import { test } from 'vitest'
import { createMysqlDeadLetters } from './dead-letters.ts'
import { describeSql } from './mysql.test-support.ts'

await describeSql('dead letters', (server) => {
  const subject = async () => {
    const database = await server.openDatabase()
    return { ...database, port: createMysqlDeadLetters(database) }
  }

  for (const { name, run } of deadLettersContract(subject)) test(name, run)
})
