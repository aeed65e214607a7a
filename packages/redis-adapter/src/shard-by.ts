import { demandId, TicketingError } from '@b-ticketing/core'
import type { Id } from '@b-ticketing/core/ports'
import { type Keys, seatsKeptMs } from './keys.ts'
import { loadScript, type ScriptRunner } from './script.ts'

const declareShards = loadScript('declare-shards')

/** What shares a hash tag. Two maps of one sale would sell its seats twice: whoever installs first decides. */
export type ShardBy = 'schedule' | 'section'

export function shardedBy(there: ShardBy, scheduleId: Id, keys: Pick<Keys, 'seats' | 'seatShard'>): TicketingError {
  const [whole] = keys.seats(scheduleId)
  const [shards] = keys.seatShard(scheduleId, '*')
  return new TicketingError(
    'CONFIG_INVALID',
    `the seats of ${scheduleId} are sharded by ${there} in this Redis: every process needs shardBy: '${there}'. ` +
      `To change it, stop all processes, delete the keys ${whole}* and ${shards}*, and start again: the seats are loaded from the record`,
    { details: { scheduleId, shardBy: there } },
  )
}

/** For those who shard by section, on the key that both ways share. */
export interface SectionShards {
  /** @throws TicketingError `CONFIG_INVALID` where the seats are sharded by schedule */
  check(scheduleId: Id): Promise<void>
  /** From now on nobody can shard them by schedule; repeat it while they live. @throws TicketingError `CONFIG_INVALID` */
  declare(scheduleId: Id): Promise<void>
}

export function createSectionShards(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'seats' | 'seatShard'>
  readonly recordId?: Id
}): SectionShards {
  const { scripts, keys, recordId = '' } = p
  const ask = async (scheduleId: Id, life: number | ''): Promise<void> => {
    const [key] = keys.seats(demandId(scheduleId, 'scheduleId')) as [string]
    const reply = await scripts.run(declareShards, { keys: [key], args: [recordId, life] })
    if (reply === 0) throw shardedBy('schedule', scheduleId, keys)
  }
  return {
    check: (scheduleId) => ask(scheduleId, ''),
    declare: (scheduleId) => ask(scheduleId, seatsKeptMs),
  }
}
