import { expect, test } from 'vitest'
import { canJump, isSaleState, jumpToOpen, saleStates } from './sale-state.ts'

const chain = new Set([
  'scheduled → prequeue',
  'prequeue → open',
  'open → paused',
  'paused → open',
  'open → draining',
  'draining → ended',
])

for (const from of saleStates)
  for (const to of saleStates)
    test(`${from} → ${to} is ${chain.has(`${from} → ${to}`) ? 'a jump' : 'refused'}`, () => {
      expect(canJump(from, to)).toBe(chain.has(`${from} → ${to}`))
    })

test('a sale opens through its pre-queue', () => {
  expect(saleStates.map(jumpToOpen)).toEqual(['prequeue', 'open', null, null, null, null])
})

test('names of states are exact', () => {
  expect(saleStates.every(isSaleState)).toBe(true)
  expect(['OPEN', '', null, 3, ['open'], 'constructor'].some(isSaleState)).toBe(false)
})
