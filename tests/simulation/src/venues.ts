import type { Seat, Section, Venue } from '@b-ticketing/core'
import type { Random } from './random.ts'

/** A venue of a few dozen seats with some of every kind of section, small enough to sell out in a minute. */
export function smallVenue(random: Random): Venue {
  const sections: Section[] = [seated('A', random, true)]
  if (random.chance(0.5)) sections.push(seated('B', random, false))
  if (random.chance(0.4)) sections.push(oneRow('G', 'ga', 4 + random.below(6)))
  if (random.chance(0.4)) sections.push(tables('T', 1 + random.below(3), random.chance(0.7)))
  if (random.chance(0.5)) sections.push(elastic('X', random.below(4), 3 + random.below(5)))
  return {
    venueId: 'small-venue',
    name: 'A small venue',
    currency: 'KRW',
    grades: [
      { id: 'near', label: 'Near', price: 30_000 },
      { id: 'far', label: 'Far', price: 12_000 },
    ],
    sections,
  }
}

const section = (p: Pick<Section, 'id' | 'kind' | 'rows'> & Partial<Section>): Section => ({
  label: p.id,
  grade: 'near',
  x: 0,
  y: 0,
  focalPoint: { x: 3, y: 0 },
  capacity: p.rows.reduce((sum, row) => sum + row.seats.length, 0),
  ...p,
})

function seats(name: string, count: number, change: (n: number) => Partial<Seat> = () => ({}), y = 0): Seat[] {
  return Array.from({ length: count }, (_, i) => {
    const n = i + 1
    return { seatId: `${name}-${n}`, label: String(n), x: n, y, position: n, ...change(n) }
  })
}

/** Rows with an aisle, and among the seats blocked, accessible, companion and channel ones. */
function seated(id: string, random: Random, special: boolean): Section {
  const rows = Array.from({ length: 1 + random.below(3) }, (_, rank) => {
    const length = 4 + random.below(5)
    const aisle = 2 + random.below(length)
    const change = (n: number): Partial<Seat> => ({
      position: n > aisle ? n + 1 : n,
      ...(special && random.chance(0.05) && { blocked: true }),
      ...(special && random.chance(0.08) && { accessible: true }),
      ...(special && random.chance(0.08) && { companion: true }),
      ...(special && random.chance(0.06) && { channel: 'club' }),
      ...(rank > 0 && { grade: 'far' }),
    })
    const label = String(rank + 1)
    return { id: label, label, seats: seats(`${id}-${label}`, length, change, rank) }
  })
  return section({ id, kind: 'seated', rows })
}

const oneRow = (id: string, kind: 'ga', count: number): Section =>
  section({ id, kind, grade: 'far', rows: [{ id: '1', label: '1', seats: seats(`${id}-1`, count) }] })

function tables(id: string, count: number, soldWhole: boolean): Section {
  const rows = Array.from({ length: count }, (_, i) => {
    const label = String(i + 1)
    return { id: label, label, seats: seats(`${id}-${label}`, 4, () => ({}), i) }
  })
  return section({ id, kind: 'table', rows, ...(soldWhole && { soldWhole }) })
}

function elastic(id: string, listed: number, maxCapacity: number): Section {
  const rows = listed > 0 ? [{ id: '1', label: '1', seats: seats(`${id}-1`, Math.min(listed, maxCapacity)) }] : []
  return section({ id, kind: 'elastic', grade: 'far', rows, maxCapacity })
}
