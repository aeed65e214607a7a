import type { MemoryRecord } from '@b-ticketing/core/memory'
import type {
  AdmissionQueue,
  BookingStore,
  NoticeStore,
  OpenRequest,
  Outbox,
  PaymentGateway,
  SeatInventory,
} from '@b-ticketing/core/ports'

// Guards taken away, one a function, by standing in front of a port: what is asked is changed so that the guard cannot bite.

/** While `call` starts, `table` seems to be empty to whoever reads single rows: in memory a transaction is that stretch. */
function blinded<T>(record: MemoryRecord, table: string, call: () => T): T {
  const rows = record.table({ name: table })
  rows.get = () => undefined
  try {
    return call()
  } finally {
    Reflect.deleteProperty(rows, 'get')
  }
}

export const withoutUniqueClaim = (port: BookingStore, record: MemoryRecord): BookingStore => ({
  ...port,
  open: (q) => blinded(record, 'claim', () => port.open(q)),
})

export const withoutCompareAndSet = (port: BookingStore): BookingStore => ({
  ...port,
  advance: async ({ changes }) => {
    const found = await port.find({ keys: changes.map(({ requestId }) => ({ requestId })) })
    return port.advance({
      changes: changes.map((change, i) => {
        const { state, version } = found[i] ?? change.from
        return { ...change, from: { state, version } }
      }),
    })
  },
})

export const withoutInbox = (port: BookingStore): BookingStore => ({
  ...port,
  advance: ({ changes }) => port.advance({ changes: changes.map(({ consumed: _, ...change }) => change) }),
})

export const withoutFingerprint = (port: BookingStore): BookingStore => ({
  ...port,
  open: ({ requests }) => port.open({ requests: requests.map((request) => ({ ...request, fingerprint: 'any' })) }),
})

export const withoutTombstone = (port: BookingStore): BookingStore => ({
  ...port,
  abandon: async ({ requestIds }) => {
    const found = await port.find({ keys: requestIds.map((requestId) => ({ requestId })) })
    return found.map((record) => record ?? 'abandoned')
  },
})

export const withoutDueLease = (port: BookingStore): BookingStore => ({
  ...port,
  due: (q) => port.due({ ...q, leaseMs: 0 }),
})

/** An operator's refund that is not written down. */
export const withoutAudit = (port: BookingStore): BookingStore => ({
  ...port,
  advance: ({ changes }) => port.advance({ changes: changes.map(({ audit: _, ...change }) => change) }),
})

/** Says that a mail was added which another operator had added before. */
export const withoutResendGuard = (port: NoticeStore): NoticeStore => ({
  ...port,
  add: async (q) => {
    await port.add(q)
    return q.notices.length
  },
})

export const withoutFreeing = (port: BookingStore): BookingStore => ({
  ...port,
  advance: ({ changes }) =>
    port.advance({
      changes: changes.map((change) => (change.claims === 'free' ? { ...change, claims: 'keep' } : change)),
    }),
})

/** The price as a client would have it. */
export const withoutServerPrice = (port: BookingStore): BookingStore => ({
  ...port,
  open: ({ requests }) => {
    const cheap = (amount: OpenRequest['hold']['amount']) => ({ ...amount, value: 1 })
    return port.open({
      requests: requests.map((request) => ({
        ...request,
        hold: { ...request.hold, amount: cheap(request.hold.amount) },
      })),
    })
  },
})

/** A late success that does not ask whether the seats are still free. */
export const withoutRetakeCheck = (port: BookingStore, record: MemoryRecord): BookingStore => ({
  ...port,
  advance: (q) =>
    q.changes.some(({ claims }) => claims === 'retake')
      ? blinded(record, 'claim', () => port.advance(q))
      : port.advance(q),
})

type Command = Parameters<SeatInventory['commit']>[0]['commands'][number]

const altering =
  (alter: (command: Command, port: SeatInventory, scheduleId: string) => Promise<Command> | Command) =>
  (port: SeatInventory): SeatInventory => ({
    ...port,
    commit: async ({ scheduleId, commands }) =>
      port.commit({
        scheduleId,
        commands: await Promise.all(commands.map((command) => alter(command, port, scheduleId))),
      }),
  })

const named = async (command: Command, port: SeatInventory, scheduleId: string) => {
  if (command.do !== 'release' && command.do !== 'extend' && command.do !== 'pin') return null
  const found = await port.holds({ scheduleId, keys: [{ holdId: command.holdId }] })
  return found === 'missing' ? null : (found[0]?.[0] ?? null)
}

export const withoutHoldVersion = altering(async (command, port, scheduleId) => {
  const hold = await named(command, port, scheduleId)
  return hold && 'version' in command ? { ...command, version: hold.version } : command
})

export const withoutOwnerCheck = altering(async (command, port, scheduleId) => {
  const hold = await named(command, port, scheduleId)
  return hold && 'holder' in command && command.do !== 'project' ? { ...command, holder: hold.holder } : command
})

let newest = 2 ** 40
export const withoutProjectionVersion = altering((command) =>
  command.do === 'project' ? { ...command, recordVersion: ++newest } : command,
)

export const withoutQuota = altering((command) => (command.do === 'take' ? { ...command, quota: 10_000 } : command))

export const withoutPassEnd = altering((command) =>
  command.do === 'take' || command.do === 'extend' ? { ...command, notAfter: Number.MAX_SAFE_INTEGER } : command,
)

let operations = 0
export const withoutOperationIds = altering((command) => ({ ...command, operationId: `op-${++operations}` }))

export const withoutIncarnation = (port: SeatInventory): SeatInventory => ({
  ...port,
  install: (q) => port.install({ ...q, incarnation: 1 }),
})

type Settings = Parameters<AdmissionQueue['configure']>[0]['record']['settings']

const configured =
  (settings: Partial<Settings>) =>
  (port: AdmissionQueue): AdmissionQueue => ({
    ...port,
    configure: (q) =>
      port.configure({ ...q, record: { ...q.record, settings: { ...q.record.settings, ...settings } } }),
  })

export const withoutClaimWindow = configured({ claimWindowSeconds: 86_400 })
export const withoutGrace = configured({ graceSeconds: 0 })
export const withoutGraceEnd = configured({ graceSeconds: 86_400 })
export const withoutCapacity = configured({ capacity: null })
export const withoutRate = configured({ ratePerMinute: null })

export const withoutCeiling = (port: AdmissionQueue): AdmissionQueue => ({
  ...port,
  configure: (q) => port.configure({ ...q, record: { ...q.record, ceiling: q.recover ? 0 : 1_000_000 } }),
})

export const withoutEpoch = (port: AdmissionQueue): AdmissionQueue => {
  const current = async (scheduleId: string, epoch: string): Promise<string> => {
    const document = await port.tick({ scheduleId })
    return document === 'RECOVER' ? epoch : document.epoch
  }
  return {
    ...port,
    claim: async (q) => port.claim({ ...q, epoch: await current(q.scheduleId, q.epoch) }),
    join: async (q) => port.join({ ...q, epoch: await current(q.scheduleId, q.epoch) }),
  }
}

/** The late are let in at once, before their turn. */
export const withoutLateSet = (port: AdmissionQueue): AdmissionQueue => ({
  ...port,
  claim: async (q) => {
    const replies = await port.claim(q)
    if (replies === 'RECOVER' || q.mode === 'check' || !replies.some(({ is }) => is === 'late')) return replies
    return port.claim({
      ...q,
      mode: 'check',
      places: q.places.map((place) => ({ ...place, until: Number.MAX_SAFE_INTEGER })),
    })
  },
})

/** Whoever shows a pass is believed: the store is not asked whether its place has ended. */
export const withoutPassGate = (port: AdmissionQueue): AdmissionQueue => ({
  ...port,
  claim: async (q) =>
    q.mode === 'check' ? q.places.map(({ number, until = 0 }) => ({ is: 'active', number, until })) : port.claim(q),
})

export const withoutOnePlace = (port: AdmissionQueue): AdmissionQueue => {
  let joins = 0
  return {
    ...port,
    join: (q) =>
      port.join({ ...q, joins: q.joins.map((join) => ({ ...join, visitor: `${join.visitor}-${++joins}` })) }),
  }
}

export const withoutOutboxOrder = (port: Outbox): Outbox => ({
  ...port,
  lease: async (q) => (await port.lease(q)).map((lane) => ({ ...lane, rows: [...lane.rows].reverse() })),
})

export const withoutLaneLease = (port: Outbox): Outbox => ({ ...port, lease: (q) => port.lease({ ...q, leaseMs: 1 }) })

/** Marked when it is read, whatever becomes of the send. */
export const withoutAcknowledgement = (port: Outbox): Outbox => ({
  ...port,
  lease: async (q) => {
    const lanes = await port.lease(q)
    const published = lanes.map(({ lane, token, rows }) => ({
      lane,
      token,
      eventIds: rows.map(({ message }) => message.eventId),
    }))
    await port.mark({ published })
    return lanes
  },
})

export const withoutRefundKey = (port: PaymentGateway): PaymentGateway => {
  let refunds = 0
  return { ...port, refund: (q) => port.refund({ ...q, key: `refund-${++refunds}` }) }
}

export const withoutChargeKey = (port: PaymentGateway): PaymentGateway => {
  let charges = 0
  return { ...port, charge: (q) => port.charge({ ...q, key: `charge-${++charges}` }) }
}

export const withoutUniqueNotice = (port: NoticeStore): NoticeStore => {
  let copies = 0
  return {
    ...port,
    add: (q) => port.add({ ...q, notices: q.notices.map((notice) => ({ ...notice, copy: ++copies })) }),
  }
}
