import type { Loop } from '../shared/loop.ts'
import type { Projection } from './projection.ts'

/** Shows again what a fast store could not be told when it happened. */
export function createProjectionLoop(p: { readonly projection: Pick<Projection, 'repair'> }): Loop {
  return {
    name: 'projection',
    everyMs: 500,
    tick: () => p.projection.repair(),
  }
}
