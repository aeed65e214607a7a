import { z } from 'zod'

/** Every shape on the wire. These validate requests, type the handlers and become `/openapi.json`. */

const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .meta({ description: 'Letters, digits, _ and -, at most 64.' })
const instant = z.iso.datetime().meta({ description: 'ISO 8601, UTC.' })
const count = z.int().min(0)
/** A count as a query parameter. */
const countText = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .refine(Number.isSafeInteger)
const cursor = z.string().min(1).max(200)

const money = z
  .strictObject({ value: z.int().min(0), currency: z.string().regex(/^[A-Z]{3}$/) })
  .meta({ id: 'Money', description: 'An amount in minor units; KRW has none: 42000 is ₩42,000.' })

export const scheduleParams = z.object({ scheduleId: id })
export const adminScheduleParams = z.object({ id })
export const scheduleQuery = z.object({ scheduleId: id })
/** Chooses among pass cookies of several sales. */
export const passQuery = z.object({ scheduleId: id.optional() })
export const pageQuery = z.object({ after: cursor.optional() })

const listOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next: z.string().nullable() })

// catalogue

const saleState = z.enum(['scheduled', 'prequeue', 'open', 'paused', 'draining', 'ended'])

const schedule = z
  .object({
    scheduleId: id,
    name: z.string(),
    venueId: id,
    startsAt: instant.nullable(),
    opensAt: instant.nullable(),
    saleState,
    currency: z.string(),
  })
  .meta({ id: 'Schedule' })

export const schedules = z.object({ schedules: z.array(schedule) })

export const scheduleDetail = schedule
  .extend({
    grades: z.array(z.object({ id, label: z.string(), price: money, color: z.string().optional() })),
    maxSeatsPerVisitor: count,
    holdTtlSeconds: z.number(),
    groupSize: count,
    draw: z
      .object({
        policy: z.enum(['fifo', 'draw']),
        commitment: z.string(),
        n: count.nullable(),
        beacon: z.string().nullable(),
        secret: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'ScheduleDetail' })

const venueSeat = z.object({
  seatId: id,
  label: z.string(),
  x: z.number(),
  y: z.number(),
  position: z.int().meta({ description: 'Physical neighbours differ by exactly 1.' }),
  accessible: z.boolean().optional(),
})

export const venue = z
  .object({
    venueId: id,
    name: z.string(),
    sections: z.array(
      z.object({
        id,
        label: z.string(),
        kind: z.enum(['seated', 'ga', 'table', 'elastic']),
        grade: id,
        x: z.number(),
        y: z.number(),
        capacity: count,
        rows: z.array(z.object({ id: z.string(), label: z.string(), seats: z.array(venueSeat) })),
      }),
    ),
  })
  .meta({ id: 'Venue' })

export const venueParams = z.object({ venueId: id })

// waiting room

export const joinBody = z.strictObject({ scheduleId: id })

export const queueStatus = z
  .object({
    scheduleId: id,
    documentVersion: z.number(),
    state: z.enum(['scheduled', 'prequeue', 'waiting', 'paused', 'admitted', 'expired', 'left', 'ended']),
    number: count.nullable(),
    group: count.nullable(),
    currentGroup: count.nullable(),
    ahead: count.nullable(),
    nextPollMs: z.number(),
    eta: z.object({ lowSeconds: z.number(), highSeconds: z.number() }).nullable(),
    redirectUrl: z.string().optional(),
    pass: z.string().optional(),
    passExpiresAt: instant.optional(),
    queueTicket: z.string().optional(),
  })
  .meta({ id: 'QueueStatus', description: '`redirectUrl`, `pass` and `passExpiresAt` once admitted.' })

// seats

export const sections = z
  .object({
    scheduleId: id,
    version: z.number(),
    sections: z.array(z.object({ id, label: z.string(), grade: id, price: money, capacity: count, available: count })),
  })
  .meta({ id: 'Sections' })

export const sectionQuery = passQuery.extend({ section: id })
export const mapQuery = passQuery.extend({ since: countText.optional() })

export const sectionStatus = z
  .object({
    version: z.number(),
    section: id,
    rows: z.array(
      z.object({
        id: z.string(),
        label: z.string(),
        seats: z.array(
          z.object({
            seatId: id,
            label: z.string(),
            state: z.enum(['AVAILABLE', 'RESERVED', 'COMPLETED', 'BLOCKED']),
            accessible: z.boolean().optional(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'SectionStatus' })

const change = z.tuple([id, count, count]).meta({ description: '[sectionId, seatIndex, code]' })

export const seatMap = z
  .union([
    z.object({ version: z.number(), encoding: z.literal('2bit-base64'), sections: z.record(z.string(), z.string()) }),
    z.object({ from: z.number(), version: z.number(), changes: z.array(change) }),
  ])
  .meta({
    id: 'SeatMap',
    description: 'Seat i is bits 2(i mod 4) of byte i div 4. 0 AVAILABLE 1 RESERVED 2 COMPLETED 3 BLOCKED.',
  })

export const selectBody = z.strictObject({ seatIds: z.array(id).max(1_000) })

export const autoAssignBody = z.strictObject({
  quantity: z.int().min(1),
  section: id.optional(),
  grade: id.optional(),
  accessible: z.int().min(0).optional(),
  together: z.enum(['adjacent', 'row', 'any']).optional(),
  explain: z.boolean().optional(),
})

const heldSeat = z.object({
  seatId: id,
  section: id,
  row: z.string(),
  label: z.string(),
  grade: id,
  price: money,
})

export const hold = z
  .object({
    holdId: id,
    version: z.number(),
    scheduleId: id,
    state: z.literal('RESERVED'),
    seats: z.array(heldSeat),
    amount: money,
    expiresAt: instant,
  })
  .meta({ id: 'Hold' })

const score = z.object({
  rung: z.int().min(1).max(7),
  fragments: count,
  lonePersons: count,
  sectionChanges: count,
  accessibleWasted: count,
  orphans: count,
  quality: z.number(),
  residualGap: z.number(),
  sectionRank: count,
  rowRank: count,
  start: z.number(),
})

export const assignedHold = hold
  .extend({ allocation: score.extend({ explain: z.record(z.string(), z.unknown()).optional() }) })
  .meta({ id: 'AssignedHold' })

export const holds = listOf(hold)
export const holdParams = z.object({ holdId: id })

// payment and reservations

export const paymentBody = z.strictObject({
  holdId: id,
  /** A bare number is in the sale's currency. */
  amount: z.union([money, z.int().min(0)]),
  email: z.email().max(254),
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\p{Cc}]+$/u)
    .optional(),
  paymentToken: z.string().regex(/^[\x21-\x7e]{1,200}$/),
})

export const accepted = z.object({ requestId: id, status: z.literal('PENDING'), message: z.string() })
export const paymentParams = z.object({ requestId: id })

const refund = z.enum(['none', 'PENDING', 'DONE', 'ERROR'])

export const paymentStatus = z
  .object({
    requestId: id,
    status: z.enum(['PENDING', 'COMPLETED', 'FAILED']),
    reason: z.string().nullable(),
    reservationId: id.nullable(),
    amount: money,
    refund,
    updatedAt: instant,
  })
  .meta({ id: 'PaymentStatus' })

export const paymentMessage = z.object({ message: z.string() })

export const reservation = z
  .object({
    reservationId: id,
    requestId: id,
    scheduleId: id,
    state: z.enum(['CONFIRMED', 'REFUNDING', 'CANCELLED']),
    seats: z.array(heldSeat),
    amount: money,
    refund,
    createdAt: instant,
  })
  .meta({ id: 'Reservation' })

export const reservations = listOf(reservation)
export const reservationParams = z.object({ reservationId: id })

/** A gateway may send more than we read. */
export const webhookEvent = z.object({
  type: z.enum(['charge.succeeded', 'charge.failed', 'charge.canceled', 'refund.succeeded', 'refund.failed']),
  timestamp: z.union([z.string(), z.number()]),
  data: z.object({ key: id, requestId: id, amount: money, reason: z.string().max(300).optional() }),
})

export const received = z.object({ result: z.enum(['settled', 'repeated', 'parked']) })

// operators

export const venueFormatQuery = z.object({ format: z.enum(['seatsio']).optional() })
export const venueDocument = z.record(z.string(), z.unknown()).meta({ description: 'The shape of data/jamsil.json.' })
export const venueCreated = z.object({ venueId: id })

const limit = count.max(1_000_000)
const seconds = z.number().positive().max(86_400)

export const saleSettings = z
  .strictObject({
    ratePerMinute: limit.nullable(),
    capacity: limit.nullable(),
    groupSize: z.int().min(1).max(100_000),
    passTtlSeconds: seconds,
    holdTtlSeconds: seconds,
    maxSeatsPerVisitor: z.int().min(1).max(100),
    claimWindowSeconds: seconds,
    graceSeconds: z.number().min(0).max(86_400),
    partialGroupSeconds: z.number().min(0).max(86_400),
    policy: z.enum(['fifo', 'draw']),
    beacon: z.string().max(200).nullable(),
  })
  .partial()
  .meta({ id: 'SaleSettings', description: '`null` is unlimited.' })

export const scheduleBody = z.strictObject({
  scheduleId: id,
  venueId: id,
  name: z.string().min(1).max(200),
  startsAt: instant.nullable().optional(),
  opensAt: instant.nullable().optional(),
  prices: z.record(id, z.int().min(0)),
  state: saleState.optional(),
  settings: saleSettings.optional(),
})

export const stateBody = z.strictObject({ state: saleState })

export const adminSchedule = scheduleDetail
  .extend({ settings: z.record(z.string(), z.unknown()), epoch: id, version: z.number() })
  .meta({ id: 'AdminSchedule' })

export const adminSchedules = listOf(adminSchedule)

export const groupsQuery = pageQuery.extend({ group: countText.optional() })

export const groups = listOf(z.object({ group: count, members: z.array(z.object({ number: count, visitor: id })) }))

export const stats = z
  .object({
    line: z.record(z.string(), count),
    seats: z.object({ capacity: count, available: count, reserved: count, completed: count, blocked: count }),
  })
  .meta({ id: 'Stats' })

export const blockBody = z.strictObject({
  seatIds: z.array(id).min(1).max(10_000),
  reason: z.string().max(300).optional(),
})

export const adminIdParams = z.object({ id })
export const acceptedId = z.object({ id })
export const deadLetters = listOf(z.record(z.string(), z.unknown()))
export const audit = listOf(
  z.object({
    id: z.string(),
    at: instant,
    by: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
  }),
)

// operations

export const alive = z.object({ status: z.literal('alive') })
export const ready = z.object({
  status: z.literal('ready'),
  draining: z.boolean(),
  dependencies: z.record(z.string(), z.enum(['up', 'down'])),
})
export const mailbox = z.object({
  messages: z.array(
    z.object({ to: z.string(), subject: z.string(), text: z.string(), messageId: z.string(), at: instant }),
  ),
})
export const ledger = z.object({
  entries: z.array(
    z.object({
      at: instant,
      type: z.enum(['charge', 'cancel', 'refund']),
      key: z.string(),
      requestId: z.string(),
      amount: money,
      status: z.string(),
    }),
  ),
})
export const openapiDocument = z.record(z.string(), z.unknown())

/** An error, `application/problem+json`. */
export const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string(),
  })
  .meta({ id: 'Problem' })
