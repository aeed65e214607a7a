import type { StoreDump } from './store-dump.ts'

/** What the demo and its server say to each other over IPC, beside HTTP. */
export type ToHouse = { readonly ask: 'record' | 'pulse' | 'close' }

export type FromHouse =
  | { readonly say: 'open'; readonly url: string }
  | { readonly say: 'failed'; readonly reason: string }
  | { readonly say: 'record'; readonly record: StoreDump }
  | { readonly say: 'pulse'; readonly pulse: Pulse }

export interface Pulse {
  readonly mails: number
  /** Payments not decided, messages not published, notices not sent. */
  readonly unfinished: number
}
