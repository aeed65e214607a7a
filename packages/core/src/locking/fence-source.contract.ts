import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type SubjectFactory } from '../shared/contract.ts'
import type { FenceSource } from './fence-source.port.ts'

export interface FenceSourceSubject {
  readonly port: FenceSource
  /** Another source over the same record: another process, or this one after a restart. */
  reopen(): FenceSource | Promise<FenceSource>
  close?(): void | Promise<void>
}

/** What every FenceSource does. */
export const fenceSourceContract = (factory: SubjectFactory<FenceSourceSubject>): readonly ContractCase[] =>
  bindCases('FenceSource', factory, {
    'the factory gives a fresh record': async ({ port }) => {
      assert.equal(await port.next({ key: 'lock-1' }), 1)
    },

    'grows with every call': async ({ port }) => {
      let last = 0
      for (let i = 0; i < 20; i++) {
        const epoch = await port.next({ key: 'lock-1' })
        assert.ok(Number.isSafeInteger(epoch) && epoch > last && epoch < 2 ** 21)
        last = epoch
      }
    },

    'keys are independent': async ({ port }) => {
      await port.next({ key: 'lock-1' })
      await port.next({ key: 'lock-1' })
      assert.equal(await port.next({ key: 'lock-2' }), 1)
    },

    'goes on after a restart': async ({ port, reopen }) => {
      const before = await port.next({ key: 'lock-1' })
      const again = await reopen()
      assert.ok((await again.next({ key: 'lock-1' })) > before)
    },

    'never gives one twice to parallel callers of two processes': async ({ port, reopen }) => {
      const other = await reopen()
      const epochs = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 ? port : other).next({ key: 'lock-1' })),
      )
      assert.equal(new Set(epochs).size, 100)
    },

    'bad keys are INVALID': async ({ port }) => {
      for (const key of ['', 'a b', 'x'.repeat(65)]) await assert.rejects(port.next({ key }), { code: 'INVALID' })
    },
  })
