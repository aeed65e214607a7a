/** Numbers from `fromNumber` on stand in groups of `size`, the first of which is `fromGroup`. */
export interface GroupSegment {
  readonly fromNumber: number
  readonly fromGroup: number
  readonly size: number
}

export interface GroupBounds {
  readonly group: number
  readonly first: number
  /** Of a group cut short by a changed size: its real last number. */
  readonly last: number
}

/** Bounds of the group that `number` (≥ 1) stands in. */
export function boundsOf(segments: readonly GroupSegment[], number: number): GroupBounds {
  let at = segments.length - 1
  while (at > 0 && (segments[at] as GroupSegment).fromNumber > number) at--
  const { fromNumber, fromGroup, size } = segments[at] as GroupSegment
  const nth = Math.floor((number - fromNumber) / size)
  const first = fromNumber + nth * size
  const end = segments[at + 1]?.fromNumber ?? Number.POSITIVE_INFINITY
  return { group: fromGroup + nth, first, last: Math.min(first + size, end) - 1 }
}

/** `ceil(n / size)`, over every size the line has had. */
export const groupOf = (segments: readonly GroupSegment[], number: number): number => boundsOf(segments, number).group

/** First and last number of a group; null for a group that cannot exist. */
export function boundsOfGroup(segments: readonly GroupSegment[], group: number): GroupBounds | null {
  const segment = segments.findLast(({ fromGroup }) => fromGroup <= group)
  if (!segment || !Number.isSafeInteger(group)) return null
  const bounds = boundsOf(segments, segment.fromNumber + (group - segment.fromGroup) * segment.size)
  return bounds.group === group ? bounds : null
}

/** A changed size applies to the numbers issued after `tail`: the group that stands open there is full as it is. */
export function withGroupSize(segments: readonly GroupSegment[], tail: number, size: number): readonly GroupSegment[] {
  const kept = segments.filter(({ fromNumber }) => fromNumber <= tail)
  if (kept.at(-1)?.size === size) return kept
  const fromGroup = kept.length === 0 ? 1 : groupOf(kept, tail) + 1
  return [...kept, { fromNumber: tail + 1, fromGroup, size }]
}
