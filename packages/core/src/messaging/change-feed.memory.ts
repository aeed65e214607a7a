import { demandId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import { followSeq } from './change.ts'
import type { ChangeFeed } from './change-feed.port.ts'

export interface MemoryChangeFeed<T> extends ChangeFeed<T> {
  /** What is published until the next turn is lost on its way. */
  lose(p: { readonly channel: Id }): void
}

type Reader<T> = Parameters<ChangeFeed<T>['subscribe']>[0] & { last: number }

interface Channel<T> {
  seq: number
  /** Published in this turn, not delivered yet. */
  waiting: { readonly change: T; readonly seq: number }[]
  scheduled: boolean
  readonly readers: Set<Reader<T>>
}

/** More than this in one turn is lost: readers see a gap and read the store. */
const maxWaiting = 4_096

export function createMemoryChangeFeed<T>(p: { readonly runtime: Pick<Runtime, 'defer'> }): MemoryChangeFeed<T> {
  const channels = new Map<Id, Channel<T>>()

  const channelOf = (id: Id): Channel<T> => {
    const known = channels.get(demandId(id, 'channel'))
    if (known) return known
    const channel: Channel<T> = { seq: 0, waiting: [], scheduled: false, readers: new Set() }
    channels.set(id, channel)
    return channel
  }

  const deliver = (channel: Channel<T>): void => {
    channel.scheduled = false
    const news = channel.waiting
    channel.waiting = []
    for (const reader of [...channel.readers]) {
      for (const { change, seq } of news) if (channel.readers.has(reader)) tell(reader, change, seq)
    }
  }

  return {
    async publish({ channel: id, changes }) {
      const channel = channelOf(id)
      for (const change of changes) {
        channel.seq++
        if (channel.waiting.length < maxWaiting) channel.waiting.push({ change, seq: channel.seq })
      }
      if (channel.scheduled || channel.waiting.length === 0) return
      channel.scheduled = true
      p.runtime.defer(() => deliver(channel))
    },

    async subscribe(wanted) {
      const channel = channelOf(wanted.channel)
      const reader: Reader<T> = { ...wanted, last: channel.seq }
      channel.readers.add(reader)
      return {
        async close() {
          channel.readers.delete(reader)
        },
      }
    },

    lose: ({ channel }) => {
      channelOf(channel).waiting = []
    },
  }
}

/** A reader that throws has missed the change, which is what a gap means; it never disturbs the others. */
function tell<T>(reader: Reader<T>, change: T, seq: number): void {
  const is = followSeq(reader.last, seq)
  if (is === 'old') return
  reader.last = seq
  try {
    if (is === 'gap') reader.onGap()
    reader.onChange({ ...change, seq })
  } catch {
    try {
      reader.onGap()
    } catch {
      // It cannot be told; its next read of the store tells it.
    }
  }
}
