import { existsSync } from 'node:fs'
import type { Machine } from './machine.ts'

/** `TEST_DOCKER=0` says that servers are to be processes of this machine. */
export const dockerMayAnswer = (): boolean =>
  process.env.TEST_DOCKER !== '0' && (process.env.DOCKER_HOST !== undefined || existsSync('/var/run/docker.sock'))

/** As the container's first process: it ends at once when told, and buries the servers that were killed. */
const idle = 'trap "exit 0" TERM; echo up; while :; do sleep 3600 & wait $!; done'

const folder = '/servers'

/** A container that waits and shows these ports under their own numbers; servers are started inside. */
export async function dockerMachine(image: string, ports: readonly number[]): Promise<Machine> {
  // Loaded only when there is a daemon: it costs half a second.
  const { GenericContainer, Wait } = await import('testcontainers')
  class LoopbackContainer extends GenericContainer {
    /** testcontainers shows ports to the whole network; these accounts have no secrets. */
    protected override async beforeContainerCreated(): Promise<void> {
      this.hostConfig.PortBindings = Object.fromEntries(
        ports.map((port) => [`${port}/tcp`, [{ HostIp: '127.0.0.1', HostPort: String(port) }]]),
      )
    }
  }
  const container = await new LoopbackContainer(image)
    .withEntrypoint(['sh', '-c', idle])
    // Data outlives a killed server, not its container; on a container's own layers writing is slow.
    .withTmpFs({ [folder]: 'rw,mode=1777' })
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forLogMessage('up'))
    .withStartupTimeout(120_000)
    .start()
  const exec: Machine['exec'] = async (...command) => {
    const { exitCode, output } = await container.exec([...command])
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${output}`)
    return output
  }
  return {
    kind: 'docker',
    host: '127.0.0.1',
    bind: '0.0.0.0',
    folder,
    exec,
    launch: async (...command) => {
      await exec('sh', '-c', '"$@" >/dev/null 2>&1 </dev/null &', 'sh', ...command)
    },
    close: async () => {
      await container.stop()
    },
  }
}
