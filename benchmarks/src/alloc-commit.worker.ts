// One process of a sell-out: chooses in its own copy of the section, takes through the adapter, and chooses again where it lost.
import { createAllocator } from '@b-ticketing/core'
import type { Part, SeatCommand } from '@b-ticketing/core/ports'
import { redisAdapters } from '@b-ticketing/redis-adapter'
import { createSection } from './stand.ts'

/** What a process is told: where the seats are, and how large the section is. */
export interface AllocWork {
  readonly url: string
  readonly prefix: string
  readonly scheduleId: string
  readonly name: string
  readonly rows: number
  readonly rowSeats: number
}

/** What it tells: seats of each party, and when it was how far. Instants in ms of the system's clock. */
export interface AllocDone {
  readonly seats: readonly (readonly number[])[]
  readonly marks: readonly { readonly granted: number; readonly at: number }[]
  readonly lost: number
}

const party = 2
const batch = 64
const inFlight = 2

export async function sellOut(work: AllocWork): Promise<AllocDone> {
  const { scheduleId } = work
  const section = createSection('block', work.rows, work.rowSeats)
  const { seatInventory: inventory, close } = redisAdapters(
    { url: work.url },
    { prefix: work.prefix, seatView: false, timeoutMs: 30_000 },
  )
  const allocator = createAllocator([section])
  const open = new Set<Part>()
  const seats: (readonly number[])[] = []
  const marks: { granted: number; at: number }[] = []
  let version = 0
  let lost = 0
  let serial = 0

  const confirm = async (): Promise<void> => {
    const map = await inventory.read({ scheduleId, sections: ['block'] })
    if (map.is !== 'snapshot') throw new Error(map.is)
    allocator.replace(map.sections[0]!)
    for (const part of open) allocator.mark(part, 1)
    version = map.version
  }

  const choose = (): readonly Part[] => {
    const parts: Part[] = []
    while (parts.length < batch) {
      const found = allocator.allocate({ request: { quantity: party } })
      if (!found.ok) return parts
      const part = found.value.parts[0]!
      allocator.mark(part, 1)
      open.add(part)
      parts.push(part)
    }
    return parts
  }

  const take = (part: Part): SeatCommand => {
    const id = `${work.name}-${String(++serial).padStart(12, '0')}`
    return {
      ...{
        do: 'take',
        operationId: `op-${id}`,
        holdId: `hold-${id}`,
        holder: `visitor-${id}`,
        epoch: 'epoch-1',
        parts: [part],
      },
      ...{ ttlMs: 600_000, notAfter: 9_000_000_000_000, quota: 10, price: { value: 20_000, currency: 'KRW' } },
    }
  }

  const commit = async (parts: readonly Part[]): Promise<void> => {
    const answer = await inventory.commit({ scheduleId, commands: parts.map(take) })
    for (const part of parts) open.delete(part)
    for (const [i, { is }] of answer.replies.entries()) {
      if (is === 'hold') seats.push(parts[i]!.seats)
      else if (is === 'taken') lost++
      else throw new Error(is)
    }
    if (answer.from === version) for (const change of answer.changes) allocator.apply(change)
    else {
      allocator.replace(answer.fresh[0]!)
      for (const part of open) allocator.mark(part, 1)
    }
    version = Math.max(version, answer.version)
    marks.push({ granted: seats.length, at: performance.timeOrigin + performance.now() })
  }

  const lane = async (): Promise<void> => {
    for (;;) {
      let parts = choose()
      if (parts.length === 0) {
        await confirm()
        parts = choose()
        if (parts.length === 0) return
      }
      await commit(parts)
    }
  }

  await confirm()
  marks.push({ granted: 0, at: performance.timeOrigin + performance.now() })
  await Promise.all(Array.from({ length: inFlight }, lane))
  await close()
  return { seats, marks, lost }
}

if (process.send) {
  process.on('message', (work: AllocWork) => {
    sellOut(work).then(
      (done) => process.send?.(done),
      (error: Error) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
  process.on('disconnect', () => process.exit())
  process.send({ is: 'ready' })
}
