import type { RedisAdapters } from './index.ts'

/** What one subscriber of the channel hears, as it comes. */
export const listen = async ({ changeFeed }: RedisAdapters) => {
  const seen: (number | 'gap')[] = []
  await changeFeed.subscribe({
    channel: 'c',
    onChange: ({ version }) => seen.push(version),
    onGap: () => seen.push('gap'),
  })
  return seen
}

/** News of one version on that channel. */
export const publish = ({ changeFeed }: RedisAdapters, version: number) =>
  changeFeed.publish({ channel: 'c', changes: [{ from: 0, version, changes: [] }] })
