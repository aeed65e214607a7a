import { writeFile } from 'node:fs/promises'
import { cached } from './cache.ts'
import { installPackages, works } from './install.ts'
import { exec } from './local.ts'
import type { Software } from './start-on.ts'

/** Where Kafka's jars are. */
export interface KafkaJars {
  readonly classpath: string
}

const version = '4.1.0'

export const kafkaSoftware: Software<KafkaJars> = {
  image: `apache/kafka:${version}`,
  inImage: { classpath: '/opt/kafka/libs/*' },
  install: async () => {
    if (!(await works('java', '-version'))) await installJava()
    const folder = await cached(`kafka-${version}`, fetchJars)
    return { classpath: `${folder}/*` }
  },
}

async function installJava(): Promise<void> {
  // Its installation links manual pages, and a slim Debian has no folder for them.
  await exec('mkdir', '-p', '/usr/share/man/man1')
  await installPackages('default-jre-headless')
}

/** The broker as Maven Central has it, and what lets it write its log. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>b-ticketing</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`

async function fetchJars(folder: string): Promise<void> {
  if (!(await works('mvn', '--version'))) await installPackages('maven')
  await writeFile(`${folder}/pom.xml`, pom)
  const fetch = () =>
    exec('mvn', '-q', '-B', '-f', folder, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`)
  // The network may fail once.
  await fetch().catch(fetch)
}
