import { setTimeout as sleep } from 'node:timers/promises'
import type { Machine } from './machine.ts'

/** One Redis process of our own, and what may happen to it. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  /** redis-cli against this server. */
  cli(...args: readonly string[]): Promise<string>
  /** kill -9. */
  kill(): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nobody. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): Promise<void>
  /**
   * Starts it again on its port: without data, or with what `cli('save')` wrote. `config`: more of it, for this start. Returns
   * once it answers, loading or not.
   */
  start(p?: { readonly keepData?: boolean; readonly config?: readonly string[] }): Promise<void>
}

/** `config` in the form of the command line: `['--maxmemory', '10mb']`. @throws Error with the end of its log. */
export async function startRedisServer(
  machine: Machine,
  port: number,
  config: readonly string[] = [],
): Promise<RedisServer> {
  const folder = `${machine.folder}/${port}`
  const files = { pid: `${folder}/redis.pid`, log: `${folder}/redis.log`, data: `${folder}/dump.rdb` }
  const cli = (...args: readonly string[]) => machine.exec('redis-cli', '-h', '127.0.0.1', '-p', String(port), ...args)
  const signal = async (name: string) => {
    const pid = (await machine.exec('cat', files.pid)).trim()
    await machine.exec('sh', '-c', `kill -${name} ${pid}`)
  }
  const argv = [
    ...['--port', String(port), '--bind', machine.bind, '--protected-mode', 'no', '--save', '', '--dir', folder],
    ...['--daemonize', 'yes', '--pidfile', files.pid, '--logfile', files.log],
    ...config,
  ]
  // A Sentinel insists on a file it can write to.
  const program = config.includes('--sentinel')
    ? ['redis-server', `${folder}/sentinel.conf`, ...argv]
    : ['redis-server', ...argv]

  const answers = async () => (await cli('info', 'server').catch(() => '')).match(/process_id:(\d+)/)?.[1] ?? null
  const own = async () => (await machine.exec('cat', files.pid).catch(() => '')).trim()

  const start: RedisServer['start'] = async ({ keepData = false, config: more = [] } = {}) => {
    await machine.exec('rm', '-f', files.pid, ...(keepData ? [] : [files.data]))
    await machine.exec(...program, ...more)
    const end = Date.now() + 10_000
    while (Date.now() < end) {
      const pid = await own()
      if (pid !== '' && (await answers()) === pid) return
      const log = await machine.exec('tail', '-n', '5', files.log).catch(() => '')
      if (/Could not create|Address already in use|Fatal|FATAL|aborting/i.test(log)) break
      await sleep(10)
    }
    throw new Error(`Redis on port ${port} did not start: ${await machine.exec('tail', '-n', '5', files.log)}`)
  }

  const gone = async () => {
    while ((await answers()) !== null) await sleep(10)
  }

  await machine.exec('mkdir', '-p', folder)
  await machine.exec('touch', `${folder}/sentinel.conf`)
  await start()
  return {
    host: machine.host,
    port,
    cli,
    kill: async () => {
      await signal('KILL')
      await gone()
    },
    pause: () => signal('STOP'),
    resume: () => signal('CONT'),
    start,
  }
}
