import { randomUUID } from 'node:crypto'
import { TicketingError } from '@b-ticketing/core'
import type { Keys } from './keys.ts'
import { isCluster, type RedisConnection, type StandaloneClient } from './redis-client.ts'
import { loadScript, type ScriptRunner } from './script.ts'

const tryRights = loadScript('try-rights')

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
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'lock' | 'feedNews'>
}): Promise<Diagnosis> {
  const { client } = p.connection
  const found: Findings = { refused: [], warnings: [] }
  const look = () =>
    p.connection.command(async (send) => {
      const nodes = isCluster(client) ? client.nodes('master') : [client]
      await Promise.all(nodes.map((node) => judgeNode(node, isCluster(client), found)))
      if (isCluster(client)) await judgeCluster((command, ...args) => send(command, args), p.keys, found)
    })
  await look().catch((error) => judgeRefusal(error, found))
  // A replica or a cluster that is not whole would only say so once more.
  if (found.refused.length === 0) await exercise(p).catch((error) => judgeRefusal(error, found))
  const problems = [...new Set(found.refused)]
  if (problems.length > 0) throw new TicketingError('CONFIG_INVALID', problems.join('; '), { details: { problems } })
  return { warnings: [...new Set(found.warnings)] }
}

/** Runs a script and listens, as every sale will. */
async function exercise(p: Parameters<typeof examine>[0]): Promise<void> {
  const name = `doctor-${randomUUID()}`
  const channel = p.keys.feedNews(name)
  await p.scripts.run(tryRights, { keys: [p.keys.lock(name)], args: [channel] })
  const subscriber = p.connection.openSubscriber()
  subscriber.on('error', () => {})
  try {
    await p.connection.command(async (send) => {
      // The script may be known to the server already, then its text was not sent.
      await send('eval', ['return 1', 0])
      await subscriber.connect()
      await subscriber.subscribe(channel)
    })
  } finally {
    subscriber.disconnect()
  }
}

/** What the user of this connection has no right to, in Redis's words, and what grants it. */
function judgeRefusal(error: TicketingError, { refused }: Findings): void {
  const said = error.cause instanceof Error ? error.cause.message : ''
  if (error.code !== 'STORE_FAULT' || !/NOPERM|ACL failure|executing the script can't/.test(said)) throw error
  refused.push(`the user of Redis lacks a right: grant ${missingRight(said)} (${said})`)
}

function missingRight(said: string): string {
  const [, command] = /run the '([^']+)' command/.exec(said) ?? []
  if (command) return `+${command}`
  if (said.includes('channel')) return '&<prefix>*'
  return said.includes('keys') ? '~<prefix>*' : '+info and all commands of keys, which scripts run'
}

type Info = Readonly<Record<string, string>>

const parseInfo = (text: string): Info =>
  Object.fromEntries(
    text.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )

async function judgeNode(node: StandaloneClient, inCluster: boolean, found: Findings): Promise<void> {
  const info = parseInfo(String(await node.call('info')))
  judge(info, inCluster, found)
  // Only a server that has or had a replica keeps a backlog.
  if (info.repl_backlog_active === '1') judgeBacklog(await backlogTtl(node), found)
}

/** Seconds, as text; null where nobody may ask. */
const backlogTtl = (node: StandaloneClient): Promise<string | null> =>
  node.call('config', 'get', 'repl-backlog-ttl').then(
    (reply) => String(Object.values(reply as object).at(-1) ?? '') || null,
    () => null,
  )

/** A lone master that has given up its backlog takes a new replication id, which to us is a loss of its data. */
function judgeBacklog(ttl: string | null, { warnings }: Findings): void {
  if (ttl === '0') return
  const is = ttl === null ? 'cannot be read' : `is ${ttl}`
  warnings.push(
    `repl-backlog-ttl ${is}: when the last replica is away for longer, holds and the line count as lost; set it to 0`,
  )
}

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
  if (info.connected_slaves === '0') {
    const soon = 'attach it before the sale: when the first one comes, holds and the line count as lost'
    warnings.push(`no replica is connected: while this server is down the sale stands still; ${soon}`)
  }
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
