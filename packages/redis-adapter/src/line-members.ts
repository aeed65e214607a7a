import { createPermutation } from '@b-ticketing/core/adapter-kit'
import type { Id, LineDocument, LineDraw, Page, QueueMember } from '@b-ticketing/core/ports'
import { loadScript, type Script } from './script.ts'

const listMembers = loadScript('list-members')
const readRanks = loadScript('read-ranks')
const buildGroups = loadScript('build-groups')

const pageSize = 1_000
const perStep = 1_000

/** Runs a script of the queue on a sale's keys. */
export type RunOnLine = (script: Script, scheduleId: Id, args: readonly (string | number)[]) => Promise<unknown>

export interface LineMembers {
  page(scheduleId: Id, epoch: Id, group: number | undefined, after: number): Promise<Page<QueueMember>>
  /** Writes those of the pre-queue into the lists of the groups they drew. Repeatable, by any number of processes. */
  build(scheduleId: Id, line: Pick<LineDocument, 'epoch' | 'draw'>): Promise<void>
}

/** Then for each member: group, number, visitor. */
type PageReply = readonly [next: string, ...members: (string | number)[]]
type Unbuilt = readonly ['unbuilt', draw: string]

export function createLineMembers(run: RunOnLine): LineMembers {
  const building = new Map<string, Promise<void>>()

  /** Once at a time; another process that does the same loses nothing but its work. */
  const build: LineMembers['build'] = async (scheduleId, { epoch, draw }) => {
    if (draw === null) return
    const name = `${scheduleId} ${epoch}`
    const work = building.get(name) ?? buildAll(scheduleId, epoch, draw).finally(() => building.delete(name))
    building.set(name, work)
    await work
  }

  const buildAll = async (scheduleId: Id, epoch: Id, draw: LineDraw): Promise<void> => {
    const { rankOf } = createPermutation(draw)
    let number = await step(scheduleId, epoch, 0, [])
    while (number > 0) {
      const ranks = Array.from({ length: Math.min(number, perStep) }, (_, i) => rankOf(number - i))
      const visitors = (await run(readRanks, scheduleId, [epoch, ...ranks])) as readonly string[] | 'unknown'
      if (visitors === 'unknown') return
      number = await step(scheduleId, epoch, number, visitors)
    }
  }

  /** Answers the last number whose visitor is not in its group yet. */
  const step = async (scheduleId: Id, epoch: Id, number: number, visitors: readonly string[]): Promise<number> => {
    const answer = (await run(buildGroups, scheduleId, [epoch, number, ...visitors])) as number | 'unknown'
    return answer === 'unknown' ? 0 : answer
  }

  const read = (scheduleId: Id, epoch: Id, group: number | undefined, after: number, most: number) =>
    run(listMembers, scheduleId, [epoch, after, group ?? '', most]) as Promise<PageReply | Unbuilt | 'unknown'>

  return {
    build,
    page: async (scheduleId, epoch, group, after) => {
      const items: QueueMember[] = []
      let from = after
      for (;;) {
        // One more than a page holds: whether another one follows.
        const answer = await read(scheduleId, epoch, group, from, pageSize + 1 - items.length)
        if (answer === 'unknown') return { items: [], next: null }
        if (answer[0] === 'unbuilt') {
          await build(scheduleId, { epoch, draw: JSON.parse(String(answer[1])) as LineDraw })
          continue
        }
        const [next, ...rest] = answer as PageReply
        for (let i = 0; i < rest.length; i += 3) {
          items.push({ group: Number(rest[i]), number: Number(rest[i + 1]), visitor: String(rest[i + 2]) })
        }
        if (items.length > pageSize)
          return { items: items.slice(0, pageSize), next: String(items[pageSize - 1]?.number) }
        if (next === '') return { items, next: null }
        from = Number(next)
      }
    },
  }
}
