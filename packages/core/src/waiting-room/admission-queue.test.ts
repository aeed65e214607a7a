import { test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { admissionQueueContract } from './admission-queue.contract.ts'
import { createMemoryAdmissionQueue } from './admission-queue.memory.ts'

const cases = admissionQueueContract(() => {
  const runtime = manualRuntime()
  const port = createMemoryAdmissionQueue({ runtime })
  return { port, now: runtime.now, advance: runtime.advance, restart: port.restart }
})

for (const { name, run } of cases) test(name, run)
