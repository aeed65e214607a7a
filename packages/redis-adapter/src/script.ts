import { createHash } from 'node:crypto'
import type { RedisConnection, RedisValue } from './redis-client.ts'
import { scriptText } from './script-text.ts'

// How to add a script
// 1. `scripts/<verb-noun>.lua`: one atomic command. Its first line is `#!lua` (`#!lua flags=no-writes` when it only reads: it
//    then answers without memory and on a replica); its header says what it does, its KEYS, ARGV and reply. Every key it
//    touches is in KEYS and in keys.ts, and all of them share one hash tag.
// 2. Shared Lua is a file of `scripts/lib`, taken in by a line `-- include <name>`; what it defines is local to the script.
// 3. `const takeSeats = loadScript('take-seats')` at the top of the adapter's file, then
//    `await scripts.run(takeSeats, { keys: [keys.section(…)], args: [operationId, …] })`. `runBinary` gives strings as Buffers.
// 4. ARGV[1] always is the clock: '' for the store's own, or the instant of an injected one. `-- include store` reads it by
//    `store_now()`; `store_micros()` and `store_run()` are there too. Your own arguments begin at ARGV[2].
// 5. A command may arrive twice, long after its caller gave up: it carries an operation id, or repeating it changes nothing.
// 6. Lua writes 1e14 and above as `1e+14` when it joins strings: `digits(n)` of the same include does not.
// 7. Redis refuses a script for want of memory before it begins, never in the middle.

export interface Script {
  readonly name: string
  readonly text: string
  readonly sha: string
}

/** Reads `scripts/<name>.lua` and what it includes. */
export function loadScript(name: string): Script {
  const text = scriptText(name).replaceAll(/^-- include (\S+)$/gm, (_, part: string) =>
    scriptText(`lib/${part}`).trim(),
  )
  return { name, text, sha: createHash('sha1').update(text).digest('hex') }
}

interface ScriptCall {
  readonly keys: readonly string[]
  readonly args?: readonly RedisValue[]
}

export interface ScriptRunner {
  /** The reply with strings as text. @throws TicketingError `BUSY`, `STORE_FAULT`, `CLOSED` */
  run(script: Script, p: ScriptCall): Promise<unknown>
  /** The reply with strings as Buffers. */
  runBinary(script: Script, p: ScriptCall): Promise<unknown>
}

/** Runs scripts by their hash; a server that has not seen one yet, or forgot it, gets its text. */
export function createScriptRunner(p: {
  readonly connection: Pick<RedisConnection, 'command'>
  readonly clock?: { now(): number }
}): ScriptRunner {
  const run = (script: Script, { keys, args = [] }: ScriptCall, binary: boolean): Promise<unknown> => {
    const rest = [keys.length, ...keys, p.clock?.now() ?? '', ...args]
    return p.connection.command(async (send) => {
      try {
        return await send('evalsha', [script.sha, ...rest], binary)
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return send('eval', [script.text, ...rest], binary)
      }
    })
  }
  return {
    run: (script, call) => run(script, call, false),
    runBinary: (script, call) => run(script, call, true),
  }
}
