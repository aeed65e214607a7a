import { outboxContract } from '@b-ticketing/core/conformance'
import { test } from 'vitest'
import { outboxSubject } from './booking.test-support.ts'
import { describeSql } from './mysql.test-support.ts'

await describeSql('outbox', (server) => {
  const kit = outboxContract(async () => outboxSubject(await server.openDatabase()))
  for (const { name, run } of kit) test(name, run)
})
