import { setTimeout as sleep } from 'node:timers/promises'
import { installPackages, works } from './install.ts'
import type { Machine } from './machine.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'
import { type Site, type Software, startOn } from './start-on.ts'

export const redisKinds = ['single', 'cluster', 'sentinel'] as const
/** `cluster`: 3 masters, each with a replica. `sentinel`: a master, a replica and 3 sentinels that agree by 2. */
export type RedisKind = (typeof redisKinds)[number]

/** Servers of one's own, for tests that hurt them. */
export interface Redis {
  readonly kind: RedisKind
  readonly url: string
  readonly from: Machine['kind']
  /** Those with data, masters first. */
  readonly servers: readonly RedisServer[]
  readonly sentinels: readonly RedisServer[]
  close(): Promise<void>
}

/** The master's name under Sentinel. */
const masterName = 'main'

const redis: Software<null> = {
  image: 'redis:7',
  inImage: null,
  install: async () => {
    if (!(await works('redis-server', '--version'))) await installPackages('redis-server')
    return null
  },
}

/** `config` is for the servers with data. @throws Error */
export const startRedis = (kind: RedisKind = 'single', config: readonly string[] = []): Promise<Redis> =>
  startOn(redis, { single: 1, cluster: 12, sentinel: 5 }[kind], (site) => startServers(kind, site, config))

async function startServers(kind: RedisKind, site: Site<null>, config: readonly string[]): Promise<Redis> {
  const { machine, ports } = site
  const running: RedisServer[] = []
  const run = async (port: number, extra: readonly string[]) => {
    const server = await startRedisServer(machine, port, extra)
    running.push(server)
    return server
  }
  const close = async () => {
    await Promise.all(running.map((server) => server.kill().catch(() => {})))
    await machine.close()
  }
  try {
    const parts = await topologies[kind]({ machine, ports, config, run })
    return { kind, from: machine.kind, ...parts, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Ground {
  readonly machine: Machine
  readonly ports: readonly number[]
  readonly config: readonly string[]
  run(port: number, config: readonly string[]): Promise<RedisServer>
}

type Parts = Pick<Redis, 'url' | 'servers' | 'sentinels'>

const topologies: Readonly<Record<RedisKind, (ground: Ground) => Promise<Parts>>> = {
  async single({ machine, ports: [port = 0], config, run }) {
    return { url: `redis://${machine.host}:${port}`, servers: [await run(port, config)], sentinels: [] }
  },

  async cluster({ machine, ports, config, run }) {
    const nodes = ports.slice(0, 6)
    const servers = await Promise.all(
      nodes.map((port, i) =>
        run(port, [
          ...['--cluster-enabled', 'yes', '--cluster-port', String(ports[6 + i]), '--cluster-node-timeout', '2000'],
          ...['--repl-diskless-sync-delay', '0', '--cluster-announce-ip', '127.0.0.1', ...config],
        ]),
      ),
    )
    const addresses = nodes.map((port) => `127.0.0.1:${port}`)
    await machine.exec('redis-cli', '--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes')
    await eventually('every node of the cluster knows all slots, every replica follows', async () => {
      const states = await Promise.all(
        servers.map((s) => Promise.all([s.cli('cluster', 'info'), s.cli('info', 'replication')])),
      )
      return states.every(
        ([cluster, role]) =>
          cluster.includes('cluster_state:ok') &&
          (role.includes('role:master') || role.includes('master_link_status:up')),
      )
    })
    const hosts = nodes.map((port) => `${machine.host}:${port}`).join(',')
    const isMaster = await Promise.all(servers.map(async (s) => (await s.cli('role')).startsWith('master')))
    const sorted = [...servers.filter((_, i) => isMaster[i]), ...servers.filter((_, i) => !isMaster[i])]
    return { url: `redis-cluster://${hosts}`, servers: sorted, sentinels: [] }
  },

  async sentinel({ machine, ports: [first = 0, second = 0, ...rest], config, run }) {
    const common = ['--repl-diskless-sync-delay', '0', ...config]
    const master = await run(first, common)
    const replica = await run(second, [...common, '--replicaof', '127.0.0.1', String(first)])
    const sentinels = await Promise.all(rest.map((port) => run(port, ['--sentinel'])))
    for (const { cli } of sentinels) {
      await cli('sentinel', 'monitor', masterName, '127.0.0.1', String(first), '2')
      for (const [name, value] of [
        ['down-after-milliseconds', '1000'],
        ['failover-timeout', '5000'],
      ] as const) {
        await cli('sentinel', 'set', masterName, name, value)
      }
    }
    await eventually('every sentinel knows the replica and the other two', async () => {
      const views = await Promise.all(sentinels.map(({ cli }) => cli('sentinel', 'master', masterName)))
      const link = await replica.cli('info', 'replication')
      const known = (view: string, field: string) => view.split('\n')[view.split('\n').indexOf(field) + 1]
      return (
        link.includes('master_link_status:up') &&
        views.every((view) => known(view, 'num-slaves') === '1' && known(view, 'num-other-sentinels') === '2')
      )
    })
    const hosts = rest.map((port) => `${machine.host}:${port}`).join(',')
    return { url: `redis-sentinel://${hosts}/${masterName}`, servers: [master, replica], sentinels }
  },
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (Date.now() < end) {
    if (await holds().catch(() => false)) return
    await sleep(50)
  }
  throw new Error(`not within 20 s: ${what}`)
}
