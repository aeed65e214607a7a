import { test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { notifierContract } from './notifier.contract.ts'
import { createMemoryNotifier } from './notifier.memory.ts'

const subject = () => {
  const port = createMemoryNotifier({ runtime: manualRuntime() })
  const received = () => port.messages().map(({ at: _, ...mail }) => mail)
  return { port, received, receiver: port.receiver }
}

for (const { name, run } of notifierContract(subject)) test(name, run)
