export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What the host sees of the engine: log lines and figures. Labels never carry a visitor, seat or request. */
export interface Observer {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

export const silentObserver: Observer = { log: () => {}, count: () => {}, gauge: () => {} }
