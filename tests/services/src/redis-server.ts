import type { Machine } from './machine.ts'
import { createServerProcess, type ServerProcess, serverFolder } from './server-process.ts'

/** One Redis process of our own, and what may happen to it. */
export interface RedisServer extends Omit<ServerProcess, 'start'> {
  /** redis-cli against this server. */
  cli(...args: readonly string[]): Promise<string>
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
  const folder = serverFolder(machine, port)
  const cli = (...args: readonly string[]) => machine.exec('redis-cli', '-h', '127.0.0.1', '-p', String(port), ...args)
  const argv = [
    ...['--port', String(port), '--bind', machine.bind, '--protected-mode', 'no', '--save', '', '--dir', folder],
    ...config,
  ]
  // A Sentinel insists on a file it can write to.
  const command = ['redis-server', ...(config.includes('--sentinel') ? [`${folder}/sentinel.conf`] : []), ...argv]
  const server = createServerProcess({
    machine,
    name: 'Redis',
    port,
    command,
    answers: async (pid) => (await cli('info', 'server').catch(() => '')).includes(`process_id:${pid}\r`),
  })
  const start: RedisServer['start'] = async ({ keepData = false, config: more = [] } = {}) => {
    if (!keepData) await machine.exec('rm', '-f', `${folder}/dump.rdb`)
    await server.start(more)
  }

  await machine.exec('mkdir', '-p', folder)
  await machine.exec('touch', `${folder}/sentinel.conf`)
  await start()
  return { ...server, cli, start }
}
