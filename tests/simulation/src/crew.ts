import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SaleReport } from './simulate.ts'

/** A sale's report without its journal, which only a finding is worth carrying. */
export type ShortReport = Omit<SaleReport, 'journal'>

/** Plays every seed on all cores; stops handing out seeds after the first finding. Reports come in any order. */
export async function playSeeds(p: {
  readonly first: number
  readonly count: number
  readonly workers?: number
  readonly onReport?: (report: ShortReport, done: number) => void
}): Promise<readonly ShortReport[]> {
  const reports: ShortReport[] = []
  const last = p.first + p.count
  let next = p.first
  let found = false

  const employ = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url), {
        execArgv: ['--conditions=@b-ticketing/source'],
      })
      const handOut = (): void => {
        if (found || next >= last) void worker.terminate().then(() => resolve())
        else worker.postMessage(next++)
      }
      worker.on('message', (report: ShortReport) => {
        reports.push(report)
        found ||= report.findings.length > 0
        p.onReport?.(report, reports.length)
        handOut()
      })
      worker.on('error', reject)
      handOut()
    })

  const workers = Math.min(p.count, p.workers ?? availableParallelism())
  await Promise.all(Array.from({ length: workers }, employ))
  return reports.sort((a, b) => a.seed - b.seed)
}
