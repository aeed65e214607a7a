import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type SubjectFactory } from '../shared/contract.ts'
import { holdCases } from './hold-cases.contract.ts'
import {
  type Bench,
  benchOf,
  type SeatInventorySubject,
  scheduleId,
  sectionState,
} from './inventory-subject.contract.ts'
import { mapCases } from './map-cases.contract.ts'
import { paymentCases } from './payment-cases.contract.ts'

const factoryCases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'the factory gives an empty store whose clock it moves': async (b) => {
    assert.deepEqual(await b.inventory.read({ scheduleId, sections: ['A'] }), { is: 'missing', sections: ['A'] })
    const before = b.now()
    await b.advance(1_234)
    assert.equal(b.now(), before + 1_234)
  },
  'the factory’s store forgets all when told to': async (b) => {
    await b.install(1, sectionState('A', 4))
    await b.lose()
    assert.deepEqual(await b.inventory.read({ scheduleId, sections: ['A'] }), { is: 'missing', sections: ['A'] })
  },
}

/** `for (const { name, run } of seatInventoryContract(factory)) test(name, run)` */
export function seatInventoryContract(factory: SubjectFactory<SeatInventorySubject>): readonly ContractCase[] {
  const cases = { ...factoryCases, ...holdCases, ...paymentCases, ...mapCases }
  const bound = Object.entries(cases).map(([name, run]) => [
    name,
    (subject: SeatInventorySubject) => run(benchOf(subject)),
  ])
  return bindCases('SeatInventory', factory, Object.fromEntries(bound))
}
