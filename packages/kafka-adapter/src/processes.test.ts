import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Message } from '@b-ticketing/core/ports'
import { sharedKafka } from '@b-ticketing/services'
import { afterAll, expect, test } from 'vitest'
import { idsOf, keepPublishing, openBus, outOfOrder, until } from './kafka.test-support.ts'

const kafka = await sharedKafka()
const file = fileURLToPath(new URL('./consumer-process.test-support.ts', import.meta.url))
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

test.skipIf(kafka === null)(
  'processes of a group come, are killed and are ended: nothing is lost, each key in order, and who is asked to leave leaves',
  async () => {
    const brokers = kafka?.brokers ?? []
    const bus = openBus(brokers)
    await bus.doctor()
    const seen: Message[] = []
    const start = () => {
      const child = fork(file, [brokers.join(','), bus.prefix], { execArgv: ['--conditions=@b-ticketing/source'] })
      children.push(child)
      let heard = 0
      child.on('message', (batch: Message[]) => {
        heard += batch.length
        seen.push(...batch)
      })
      return { child, heard: () => heard }
    }

    const [one, two] = [start(), start()]
    const stream = keepPublishing(bus, 16)
    await until(() => one.heard() > 0 && two.heard() > 0)
    one.child.kill('SIGKILL')
    const three = start()
    const before = two.heard()
    await until(() => three.heard() > 0 && two.heard() > before)
    const exit = once(two.child, 'exit')
    two.child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    const sent = await stream.stop()
    await until(() => idsOf(seen).length === sent.length)
    expect(outOfOrder(seen)).toEqual([])
    await bus.close()
  },
  120_000,
)
