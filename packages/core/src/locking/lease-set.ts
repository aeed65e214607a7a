import { TicketingError } from '../shared/errors.ts'
import type { Lease, LeaseSet } from './lock.ts'

/** Several leases as one: lost when one is lost. */
export function joinLeases(p: {
  readonly leases: readonly Lease[]
  /** The lease each resource is locked by. */
  readonly byResource: ReadonlyMap<string, Lease>
}): LeaseSet {
  const { leases, byResource } = p
  const release = async (): Promise<boolean> => {
    const held = await Promise.all(leases.map((lease) => lease.release()))
    return held.every(Boolean)
  }
  return {
    leases,
    owner: leases[0]!.owner,
    signal: AbortSignal.any(leases.map((lease) => lease.signal)),
    fenceOf(resource) {
      const lease = byResource.get(resource)
      if (lease) return lease.fence
      throw new TicketingError('INVALID', 'this resource is not part of the set')
    },
    async extend(wanted) {
      await Promise.all(leases.map((lease) => lease.extend(wanted)))
    },
    release,
    async [Symbol.asyncDispose]() {
      await release()
    },
  }
}
