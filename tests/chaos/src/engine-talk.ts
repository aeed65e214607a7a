import type { Engine } from '@b-ticketing/core'

/** What a process of the sale is told at its start. */
export interface Terms {
  readonly redisUrl: string
  readonly mysqlUrl: string
  readonly brokers: readonly string[]
  readonly gatewayUrl: string
  readonly smtpUrl: string
  /** Stands before topics and groups. */
  readonly prefix: string
  readonly sessionTimeoutMs: number
  /** How far the clock of the process and of its stores stands ahead; null: the stores judge by their own. */
  readonly aheadMs: number | null
  readonly dies: Failpoint | null
}

/** A call of the journey; when it was made, the process that made it is killed. All of it is data. */
export interface Failpoint {
  readonly door: string
  readonly method: string
  /** Texts that stand in what is asked, as JSON, … */
  readonly asks: readonly string[]
  /** … and in what is answered. */
  readonly answers: readonly string[]
}

/** The rooms as they are called from outside. */
export type Rooms = Pick<Engine, 'schedules' | 'waitingRoom' | 'seating' | 'payments' | 'bookings'> & {
  readonly house: House
}

/** What is asked of the process itself. */
export interface House {
  leave(p: Parameters<Engine['leave']>[0]): Promise<void>
  tick(p: object): Promise<void>
  /** Moves the clock on. */
  advance(p: { readonly ms: number }): Promise<void>
  arm(p: Failpoint): Promise<void>
  /** So many visitors join in one turn. */
  flood(p: { readonly scheduleId: string; readonly joins: number }): Promise<{
    readonly joined: number
    readonly busy: number
    readonly others: readonly string[]
  }>
  /** Writes under a lock with its fencing number. `refused`: though the lock was held to the end, a newer number was there. */
  write(p: { readonly resource: string; readonly holdMs: number }): Promise<'written' | 'refused' | 'lost'>
}

// biome-ignore lint/suspicious/noExplicitAny: any method whatever it takes
type AnyMethod = (p: any) => unknown

export type RoomName = keyof Rooms
export type MethodName<Room extends RoomName> = {
  [Name in keyof Rooms[Room]]: Rooms[Room][Name] extends AnyMethod ? Name : never
}[keyof Rooms[Room]]
export type Asked<Room extends RoomName, Method extends keyof Rooms[Room]> = Rooms[Room][Method] extends AnyMethod
  ? Parameters<Rooms[Room][Method]>[0]
  : never
export type Answered<Room extends RoomName, Method extends keyof Rooms[Room]> = Rooms[Room][Method] extends AnyMethod
  ? Awaited<ReturnType<Rooms[Room][Method]>>
  : never

export interface ToEngine {
  readonly id: number
  readonly room: RoomName
  readonly method: string
  readonly params: unknown
}

export type FromEngine =
  | { readonly say: 'open' }
  | { readonly say: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly say: 'refused'
      readonly id: number
      readonly name: string
      readonly code: string
      readonly text: string
    }
  | { readonly say: 'log'; readonly line: string }
