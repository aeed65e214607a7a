import { randomBytes } from 'node:crypto'
import { Kafka as Client, logLevel } from 'kafkajs'
import { type KafkaJars, kafkaSoftware } from './kafka-software.ts'
import { type Machine, writeText } from './machine.ts'
import { openOnlyServer, type ServerProcess, serverFolder } from './server-process.ts'
import { type Site, startOn } from './start-on.ts'

/** A broker of one's own, for tests that hurt it. It is its own controller, and makes no topic that nobody created. */
export interface Kafka extends ServerProcess {
  /** host:port */
  readonly brokers: readonly string[]
  readonly from: Machine['kind']
  close(): Promise<void>
}

/** `config`: more lines of server.properties. @throws Error */
export const startKafka = (config: readonly string[] = []): Promise<Kafka> =>
  startOn(kafkaSoftware, 2, (site) => startBroker(site, config))

async function startBroker(
  { machine, ports: [port = 0, controllerPort = 0], programs }: Site<KafkaJars>,
  config: readonly string[],
): Promise<Kafka> {
  const folder = serverFolder(machine, port)
  const properties = `${folder}/server.properties`
  // One that began with a dash would be read as an option.
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const brokers = [`${machine.host}:${port}`]
  const java = ['java', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const main = (name: string) => [
    ...[...java, `-Dlog4j2.configurationFile=${folder}/log4j2.properties`],
    ...['-cp', programs.classpath, name],
  ]
  const server = await openOnlyServer({
    machine,
    name: 'Kafka',
    port,
    command: [...main('kafka.Kafka'), properties],
    answers: async () => (await clusterIdOf(brokers)) === clusterId,
    prepare: async () => {
      const lines = [...defaults(machine, port, controllerPort, folder), ...config, '']
      await writeText(machine, `${folder}/log4j2.properties`, logging)
      await writeText(machine, properties, lines.join('\n'))
      await machine.exec(...main('kafka.tools.StorageTool'), 'format', '-t', clusterId, '-c', properties)
    },
  })
  return { from: machine.kind, brokers, ...server }
}

const defaults = (machine: Machine, port: number, controllerPort: number, folder: string): readonly string[] => [
  'process.roles=broker,controller',
  'node.id=1',
  `listeners=PLAINTEXT://${machine.bind}:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  `advertised.listeners=PLAINTEXT://${machine.host}:${port}`,
  'controller.listener.names=CONTROLLER',
  `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
  `log.dirs=${folder}/data`,
  'auto.create.topics.enable=false',
  // One broker holds the only copy of everything.
  'offsets.topic.replication.factor=1',
  'offsets.topic.num.partitions=4',
  'transaction.state.log.replication.factor=1',
  'transaction.state.log.min.isr=1',
  'transaction.state.log.num.partitions=4',
  'share.coordinator.state.topic.replication.factor=1',
  'share.coordinator.state.topic.min.isr=1',
  'group.initial.rebalance.delay.ms=0',
  // A test that kills a consumer need not wait for 6 s until its group goes on.
  'group.min.session.timeout.ms=1000',
  // A broker that was killed takes its place again when the controller has given up its former self.
  'broker.session.timeout.ms=2000',
  'broker.heartbeat.interval.ms=400',
]

const logging = `status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
`

/** Of the broker that answers there; null when none does. */
async function clusterIdOf(brokers: readonly string[]): Promise<string | null> {
  const client = new Client({
    brokers: [...brokers],
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  })
  const admin = client.admin()
  try {
    await admin.connect()
    return (await admin.describeCluster()).clusterId
  } catch {
    return null
  } finally {
    await admin.disconnect()
  }
}
