import { existsSync } from 'node:fs'
import type { Machine } from './machine.ts'

export const dockerMayAnswer = (): boolean =>
  process.env.DOCKER_HOST !== undefined || existsSync('/var/run/docker.sock')

/** A container that sleeps and shows these ports under their own numbers; servers are started inside. */
export async function dockerMachine(ports: readonly number[]): Promise<Machine> {
  // Loaded only when there is a daemon: it costs half a second.
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = await new GenericContainer('redis:7')
    .withEntrypoint(['sh', '-c', 'echo up; exec sleep infinity'])
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forLogMessage('up'))
    .withStartupTimeout(120_000)
    .start()
  return {
    kind: 'docker',
    host: '127.0.0.1',
    bind: '0.0.0.0',
    folder: '/data',
    exec: async (...command) => {
      const { exitCode, output } = await container.exec([...command])
      if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${output}`)
      return output
    },
    close: async () => {
      await container.stop()
    },
  }
}
