import { type Observer, systemRuntime, TicketingError, type Topic, topics } from '@b-ticketing/core'
import { asFault } from './fault.ts'
import { type KafkaAdmin, type KafkaClient, retry } from './kafka-client.ts'

export interface TopicSettings {
  readonly partitions: number
  /** -1: what the brokers do by default. */
  readonly replicas: number
  readonly retentionMs: number
}

/** What an operator should know of a topic. An `error` loses messages. */
export interface TopicProblem {
  readonly level: 'error' | 'warn'
  readonly message: string
}

export interface Topics {
  nameOf(topic: Topic): string
  deadLettersOf(topic: Topic): string
  /** Makes the topics that are missing and looks at those that are there. @throws TicketingError `BUSY`, `STORE_FAULT` */
  ensure(): Promise<readonly TopicProblem[]>
  /** As last seen. */
  problems(): readonly TopicProblem[]
}

export function createTopics(p: {
  readonly client: KafkaClient
  readonly prefix: string
  readonly settings: TopicSettings
  readonly observer: Observer
}): Topics {
  const nameOf = (topic: Topic): string => `${p.prefix}${topic}`
  const deadLettersOf = (topic: Topic): string => `${nameOf(topic)}.dlq`
  const wanted = topics.flatMap((topic) => [nameOf(topic), deadLettersOf(topic)])
  let checking: Promise<readonly TopicProblem[]> | null = null
  let seen: readonly TopicProblem[] = []

  const check = async (): Promise<readonly TopicProblem[]> => {
    const problems = await withAdmin(p.client, async (admin) => {
      await createMissing(admin, wanted, p.settings)
      for (const topic of wanted) await whenServed(admin, topic)
      const layout = await examineLayout(admin, wanted, p.settings)
      return gathered([...layout, ...(await examineConfig(admin, wanted, p.settings))])
    })
    for (const { level, message } of problems) {
      if (!seen.some((known) => known.message === message)) p.observer.log(level, message)
    }
    seen = problems
    return problems
  }

  return {
    nameOf,
    deadLettersOf,
    ensure: async () => {
      checking ??= check().finally(() => {
        checking = null
      })
      try {
        return await checking
      } catch (error) {
        throw asFault(error)
      }
    },
    problems: () => seen,
  }
}

async function withAdmin<T>(client: KafkaClient, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = client.admin({ retry })
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    admin.disconnect().catch(() => {})
  }
}

async function createMissing(admin: KafkaAdmin, wanted: readonly string[], settings: TopicSettings): Promise<void> {
  const there = new Set(await admin.listTopics())
  const missing = wanted.filter((name) => !there.has(name))
  if (missing.length === 0) return
  await admin.createTopics({
    // kafkajs would take a topic that is not known everywhere yet for a failure.
    waitForLeaders: false,
    topics: missing.map((topic) => ({
      topic,
      numPartitions: settings.partitions,
      replicationFactor: settings.replicas,
      configEntries: [
        { name: 'retention.ms', value: String(settings.retentionMs) },
        { name: 'cleanup.policy', value: 'delete' },
      ],
    })),
  })
}

/** A new topic is listed before its partitions take anything; what is sent by then is repeated, and doubled in part. */
async function whenServed(admin: KafkaAdmin, topic: string): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      return void (await admin.fetchTopicOffsets(topic))
    } catch (error) {
      if (tries === 0) throw error
      await systemRuntime.sleep({ ms: 100 })
    }
  }
}

/** What is true of one topic. */
interface Finding {
  readonly level: TopicProblem['level']
  readonly topic: string
  readonly what: string
}

/** One line for all topics of which the same is true. */
function gathered(findings: readonly Finding[]): readonly TopicProblem[] {
  const levels = new Map(findings.map(({ what, level }) => [what, level]))
  return [...levels].map(([what, level]) => {
    const names = findings.filter((finding) => finding.what === what).map(({ topic }) => topic)
    return { level, message: `${names.sort().join(', ')}: ${what}` }
  })
}

async function examineLayout(
  admin: KafkaAdmin,
  wanted: readonly string[],
  settings: TopicSettings,
): Promise<readonly Finding[]> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...wanted] })
  return found.flatMap(({ name, partitions }) => {
    const replicas = Math.min(...partitions.map((partition) => partition.replicas.length))
    return [
      ...(partitions.length === settings.partitions
        ? []
        : [warning(name, `${partitions.length} partitions, not ${settings.partitions}`)]),
      ...(replicas >= settings.replicas ? [] : [warning(name, `${replicas} replicas, not ${settings.replicas}`)]),
      ...(replicas > 1 ? [] : [warning(name, 'one replica, so what its broker loses is lost')]),
    ]
  })
}

/** What one request may bring to a partition. */
const neededBytes = 1_000_000

/** Where the account may not read it, that is all there is to say. */
async function examineConfig(
  admin: KafkaAdmin,
  wanted: readonly string[],
  settings: TopicSettings,
): Promise<readonly Finding[]> {
  const configNames = ['cleanup.policy', 'retention.ms', 'min.insync.replicas', 'max.message.bytes']
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: wanted.map((name) => ({ type: 2, name, configNames })),
    })
    return resources.flatMap(({ resourceName, configEntries }) => {
      const config = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))
      return configFindings(resourceName, config, settings)
    })
  } catch (error) {
    if (asFault(error).code !== 'STORE_FAULT') throw error
    return wanted.map((topic) => warning(topic, 'the settings may not be read, and were not checked'))
  }
}

function configFindings(
  topic: string,
  config: ReadonlyMap<string, string>,
  settings: TopicSettings,
): readonly Finding[] {
  const retention = Number(config.get('retention.ms') ?? -1)
  const inSync = Number(config.get('min.insync.replicas') ?? 1)
  const compacted = config.get('cleanup.policy')?.includes('compact')
  const mostBytes = Number(config.get('max.message.bytes') ?? neededBytes)
  const brief = retention >= 0 && retention < settings.retentionMs
  return [
    ...(compacted ? [{ level: 'error', topic, what: 'compacted, which forgets messages of a booking' } as const] : []),
    ...(brief ? [warning(topic, `messages are kept for ${retention} ms, not ${settings.retentionMs}`)] : []),
    ...(mostBytes < neededBytes ? [warning(topic, `requests of ${mostBytes} bytes at most, not ${neededBytes}`)] : []),
    ...(settings.replicas > 1 && inSync < 2
      ? [warning(topic, 'what one replica has is acknowledged: set min.insync.replicas to 2')]
      : []),
  ]
}

const warning = (topic: string, what: string): Finding => ({ level: 'warn', topic, what })

/** @throws TicketingError `CONFIG_INVALID` that names every topic that loses messages; otherwise what to know. */
export function demandSound(problems: readonly TopicProblem[]): { readonly warnings: readonly string[] } {
  const errors = problems.filter(({ level }) => level === 'error').map(({ message }) => message)
  if (errors.length > 0) {
    throw new TicketingError('CONFIG_INVALID', errors.join('; '), { details: { problems: errors } })
  }
  return { warnings: problems.map(({ message }) => message) }
}
