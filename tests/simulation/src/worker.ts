import { parentPort } from 'node:worker_threads'
import { simulate } from './simulate.ts'

const port = parentPort
if (port === null) throw new Error('worker.ts runs as a worker only')

port.on('message', async (seed: number) => {
  const { journal: _, ...report } = await simulate({ seed })
  port.postMessage(report)
})
