/**
 * Every key of this adapter. `{…}` is the hash tag: keys that one script touches share it. `prefix` stands before each
 * (default: nothing). Sizes are of Redis 7 on 64 bits, the key included.
 *
 * | key | type | holds | TTL | size | deleted by |
 * |--|--|--|--|--|--|
 * | `lock:{<key>}` | hash | owner, fence, until, run, asked | lease + 1 day, from the last grant | ~250 B, one per shard in use | its TTL |
 * | `payment:status:<requestId>` | hash | status, message, version, document (JSON), run | 1 day, from the last change | ~700 B per payment | its TTL |
 * | `feed:{<channel>}` | hash | seq, run | 1 day, from the last publish | ~150 B per channel | its TTL |
 * | `feed:{<channel>}:news` | pub/sub channel | `<first seq> <JSON list of changes>` | – | – | – |
 * | `queue:{<scheduleId>}` | hash | the line: rules, counters, counts, rate buckets, segments, draw | 30 days, from the last hour of ticks (the ten keys down to `:old`) | ~2.6 kB | its TTL |
 * | `queue:{…}:index` | hash | the one-place index: visitor → `[r]<number>:<tag of the join>` | as above | ~85 B per visitor | its TTL, a new epoch |
 * | `queue:{…}:states` | string | what became of each number: a byte | as above | 1 B per number | its TTL, a new epoch |
 * | `queue:{…}:passes` | sorted set | active numbers by the end of their pass | as above | ~90 B per active place | the end of each place |
 * | `queue:{…}:slices` | list | offers within their claim window, `<from> <to> <at>` | as above | ~30 B per tick that offered | the end of the window |
 * | `queue:{…}:lapsed` | list | offers within their grace | as above | the same | the end of the grace |
 * | `queue:{…}:again` | hash | when a number was last offered, if more than once | as above | ~60 B per late visitor | the end of the place |
 * | `queue:{…}:late` | sorted set | the late, by number | as above | ~90 B per late visitor | their offer |
 * | `queue:{…}:left` | list | the last 1 000 numbers given up while they waited | as above | ≤ 9 kB | the next ones |
 * | `queue:{…}:old` | list | member lists of old epochs that are to be deleted | as above | ~80 B per reset | ticks |
 * | `queue:{…}:<epoch>:group:<g>` | list | visitors of a group in number order | 30 days, from its first | ~the length of an id + 3 B per visitor | its TTL, ticks of a later epoch |
 * | `queue:{…}:<epoch>:ranks:<n>` | list | visitors of the pre-queue, a thousand ranks each | the same | the same | the draw, once the groups are built |
 * | `seats:{<scheduleId>}` | hash | all seats of a schedule: packed sections, holds, holders, pins (rows: lib/seats.lua) | 30 days, from the last hour of reaping (the seven keys down to `:done:1`) | ¼ B per seat, twice that once the map is read whole, ~200 B per hold and ~90 B per holder | its TTL |
 * | `seats:{…}:due` | sorted set | holds by deadline, each section a range of its own (`seats.score` in lib/seats.lua) | as above | ~100 B per unpinned hold and section | the end of the hold |
 * | `seats:{…}:pins` | sorted set | payments by the end of their lease | as above | ~100 B per unsettled payment | the record's word, unpin |
 * | `seats:{…}:owners` | hash | `<section>/<seat>` → whose it is, and the version of the record's last word | as above | ~120 B per seat that was ever paid for | its TTL, a new incarnation |
 * | `seats:{…}:log` | list | changes by version, an entry a call; the last 4 096 to 8 192 changes | as above | ~10 B per change | the next ones |
 * | `seats:{…}:done:0`, `:done:1` | hash | first answers by operationId, in two generations | as above | ~250 B per operation | its whole generation, after longest hold + 1 h at the earliest |
 * | `seat:{<scheduleId>}:<seatId>` | string | the readable view of a seat that is not free: JSON of status, version, holdId or requestId, expiresAt. Nothing reads it | what is left of the hold + up to 1 s, 30 days for one that is paid, sold or blocked | ~250 B per seat that is not free | the change that frees it, its TTL |
 *
 * With `shardBy: 'section'` the keys of seats are those of one shard each, `seats:{<scheduleId>/<shard>}` with the same six beside it:
 * `part/<section>` has the seats of a section and what marks them, `home/0` … `home/15` the quotas, holds and answers of a sixteenth
 * of the visitors, `map` the versions and the log of all sections. `seats:{<scheduleId>}` itself then has one field, `by-section`
 * (~150 B, the same TTL): it keeps processes of the other setting away. The readable view is `seat:{<scheduleId>/<section>}:<seatId>`.
 *
 * `run` is the server's replication id at the time of the write: a row of another one may have lost its last writes (see
 * `store_run` in scripts/lib/store.lua).
 */
export interface Keys {
  lock(key: string): string
  paymentStatus(requestId: string): string
  feed(channel: string): string
  feedNews(channel: string): string
  /** The line and its nine keys of fixed name, in the order of `lib/line.lua`; all are named in every call. */
  queue(scheduleId: string): readonly string[]
  /** The seats and their six keys of fixed name, in the order of `lib/seats.lua`; all are named in every call. */
  seats(scheduleId: string): readonly string[]
  /** The same of one shard where each section is one: `home/<n>`, `part/<section>` or `map`. */
  seatShard(scheduleId: string, shard: string): readonly string[]
  /** `tag`: the schedule, or where each section is a shard the section as well. */
  seat(tag: string, seatId: string): string
}

const lineParts = ['index', 'states', 'passes', 'slices', 'lapsed', 'again', 'late', 'left', 'old'] as const

const seatParts = ['due', 'pins', 'owners', 'log', 'done:0', 'done:1'] as const

const seatKeys = (seats: string): readonly string[] => [seats, ...seatParts.map((part) => `${seats}:${part}`)]

export const createKeys = (prefix = ''): Keys => ({
  lock: (key) => `${prefix}lock:{${key}}`,
  paymentStatus: (requestId) => `${prefix}payment:status:${requestId}`,
  feed: (channel) => `${prefix}feed:{${channel}}`,
  feedNews: (channel) => `${prefix}feed:{${channel}}:news`,
  queue: (scheduleId) => {
    const line = `${prefix}queue:{${scheduleId}}`
    return [line, ...lineParts.map((part) => `${line}:${part}`)]
  },
  seats: (scheduleId) => seatKeys(`${prefix}seats:{${scheduleId}}`),
  seatShard: (scheduleId, shard) => seatKeys(`${prefix}seats:{${scheduleId}/${shard}}`),
  seat: (tag, seatId) => `${prefix}seat:{${tag}}:${seatId}`,
})

/** How long a row is kept after it was last written, where nothing shorter is said. */
export const keptMs = 24 * 60 * 60_000

/** How long the seats of a schedule are kept after anybody last reaped them. */
export const seatsKeptMs = 30 * keptMs
