import { TicketingError } from '@b-ticketing/core'
import type { Keys } from './keys.ts'
import { isCluster, type RedisConnection } from './redis-client.ts'

export interface Diagnosis {
  /** What an operator should know: it works, but not everything is as safe as it could be. */
  readonly warnings: readonly string[]
}

/** One line per thing that is wrong; `refused` ones lose holds or places. */
interface Findings {
  readonly refused: string[]
  readonly warnings: string[]
}

/**
 * Looks at every master before a sale is put on it.
 * @throws TicketingError `CONFIG_INVALID` with `details.problems` when it would lose what it is given; `BUSY`
 */
export async function examine(p: {
  readonly connection: RedisConnection
  readonly keys: Pick<Keys, 'lock'>
}): Promise<Diagnosis> {
  const { client } = p.connection
  const found: Findings = { refused: [], warnings: [] }
  await p.connection.command(async (send) => {
    const nodes = isCluster(client) ? client.nodes('master') : [client]
    for (const info of await Promise.all(nodes.map((node) => node.call('info')))) {
      judge(parseInfo(String(info)), isCluster(client), found)
    }
    if (isCluster(client)) await judgeCluster((command, ...args) => send(command, args), p.keys, found)
  })
  const problems = [...new Set(found.refused)]
  if (problems.length > 0) throw new TicketingError('CONFIG_INVALID', problems.join('; '), { details: { problems } })
  return { warnings: [...new Set(found.warnings)] }
}

type Info = Readonly<Record<string, string>>

const parseInfo = (text: string): Info =>
  Object.fromEntries(
    text.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )

function judge(info: Info, inCluster: boolean, { refused, warnings }: Findings): void {
  const version = info.redis_version ?? 'of an unknown version'
  if (!(Number.parseInt(version, 10) >= 7)) refused.push(`Redis ${version} cannot run the scripts: 7.0 or newer can`)

  if (info.role !== 'master') refused.push('this is a replica: writes need the master')
  if (info.cluster_enabled === '1' && !inCluster)
    refused.push('this is a node of a cluster: connect with a Cluster client')
  if (info.loading === '1') warnings.push('Redis is still loading its data')

  const policy = info.maxmemory_policy ?? 'unknown'
  if (policy !== 'noeviction') {
    const line = `maxmemory-policy is ${policy}: it deletes holds and places when memory is short; set noeviction`
    if (info.maxmemory === '0') warnings.push(line)
    else refused.push(line)
  }
  if (info.maxmemory === '0') warnings.push('maxmemory is not set: the system ends Redis when memory is short')

  if (info.aof_enabled !== '1') {
    warnings.push('appendonly is off: a restart loses the holds and the order of those who cannot show a ticket')
  }
  if (info.connected_slaves === '0')
    warnings.push('no replica is connected: while this server is down the sale stands still')
}

/** A prefix with braces would be the hash tag of every key. */
async function judgeCluster(
  call: (command: string, ...args: readonly string[]) => Promise<unknown>,
  keys: Pick<Keys, 'lock'>,
  { refused }: Findings,
): Promise<void> {
  if (!String(await call('cluster', 'info')).includes('cluster_state:ok'))
    refused.push('the cluster does not serve all slots')
  const [here, there] = await Promise.all(['a', 'b'].map((tag) => call('cluster', 'keyslot', keys.lock(tag))))
  const [a, b] = await Promise.all(['a', 'b'].map((tag) => call('cluster', 'keyslot', tag)))
  if (here !== a || there !== b)
    refused.push('the prefix holds a brace: it hides the hash tags, so that sales cannot be spread')
}
