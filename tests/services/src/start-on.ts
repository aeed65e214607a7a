import { dockerMachine, dockerMayAnswer } from './docker.ts'
import { localMachine } from './local.ts'
import { freePorts, type Machine } from './machine.ts'

/** What servers need, and where its programs are (`P`). */
export interface Software<P> {
  readonly image: string
  readonly inImage: P
  /** Installs it on this machine where that may be done. @throws Error that says why not */
  install(): Promise<P>
}

export interface Site<P> {
  readonly machine: Machine
  readonly ports: readonly number[]
  readonly programs: P
}

/** Docker when a daemon answers, else processes of this machine. A start that fails closes what it has opened. @throws Error */
export async function startOn<P, T>(
  software: Software<P>,
  portCount: number,
  start: (site: Site<P>) => Promise<T>,
): Promise<T> {
  const onDocker = async (ports: readonly number[]) => ({
    machine: await dockerMachine(software.image, ports),
    programs: software.inImage,
  })
  const onThisMachine = async () => ({ programs: await software.install(), machine: localMachine() })

  const reasons: string[] = []
  for (const open of dockerMayAnswer() ? [onDocker, onThisMachine] : [onThisMachine]) {
    if (reasons.length > 0) console.warn(`services: ${software.image} not in Docker: ${reasons.at(-1)}`)
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        const ports = await freePorts(portCount)
        return await start({ ...(await open(ports)), ports })
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error))
        // Another process took a port between our look and the start: other ports are tried.
        if (!/in use|already allocated/i.test(reasons.at(-1) ?? '')) break
      }
    }
  }
  throw new Error(reasons.join('; '))
}
