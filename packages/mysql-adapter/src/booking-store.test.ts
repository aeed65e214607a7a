import { bookingStoreContract } from '@b-ticketing/core/conformance'
import { test } from 'vitest'
import { bookingStoreSubject } from './booking.test-support.ts'
import { describeSql } from './mysql.test-support.ts'

await describeSql('payments', (server) => {
  const kit = bookingStoreContract(async () => bookingStoreSubject(await server.openDatabase()))
  for (const { name, run } of kit) test(name, run)
})
