import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type SubjectFactory } from '../shared/contract.ts'
import { advanceCases } from './booking-store-advance.contract.ts'
import { openCases } from './booking-store-open.contract.ts'
import { readCases } from './booking-store-read.contract.ts'
import { type BookingStoreSubject, findOne, opened } from './booking-store-samples.contract.ts'

export type { BookingStoreSubject }

export function bookingStoreContract(factory: SubjectFactory<BookingStoreSubject>): readonly ContractCase[] {
  return bindCases<BookingStoreSubject>('BookingStore', factory, {
    'factory: subjects are isolated and start empty': async (subject) => {
      const other = await factory()
      await opened(subject.port, 'r1', [1])
      assert.equal(await findOne(other.port, 'r1'), null)
      assert.deepEqual(await other.claims(), [])
      assert.deepEqual(await other.outbox(), [])
      await other.close?.()
    },
    ...openCases,
    ...advanceCases,
    ...readCases,
  })
}
