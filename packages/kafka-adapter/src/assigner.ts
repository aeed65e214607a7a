import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'

const { MemberMetadata, MemberAssignment } = AssignerProtocol

/**
 * Round robin among the members that listen to a topic. kafkajs's own gives every topic of the leader's to every member, so that
 * partitions would be lost while members of one group listen to different topics.
 */
export const subscribedRoundRobin: PartitionAssigner = ({ cluster }) => ({
  name: 'SubscribedRoundRobin',
  version: 0,

  protocol({ topics }) {
    return { name: this.name, metadata: MemberMetadata.encode({ version: this.version, topics, userData: noData }) }
  },

  async assign({ members }) {
    const listening = listenersOf(members)
    await cluster.addMultipleTargetTopics([...listening.keys()])
    const shares = new Map(members.map(({ memberId }) => [memberId, {} as Record<string, number[]>]))
    for (const [topic, listeners] of listening) {
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
      for (const [i, partition] of partitions.sort((a, b) => a - b).entries()) {
        const share = shares.get(listeners[i % listeners.length]!)!
        share[topic] = [...(share[topic] ?? []), partition]
      }
    }
    return [...shares].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version: this.version, assignment, userData: noData }),
    }))
  },
})

const noData = Buffer.alloc(0)

/** Members by topic, both in an order that is the same whoever leads. */
function listenersOf(members: readonly { memberId: string; memberMetadata: Buffer }[]): Map<string, string[]> {
  const listening = new Map<string, string[]>()
  for (const { memberId, memberMetadata } of [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))) {
    for (const topic of MemberMetadata.decode(memberMetadata)?.topics ?? []) {
      listening.set(topic, [...(listening.get(topic) ?? []), memberId])
    }
  }
  return listening
}
