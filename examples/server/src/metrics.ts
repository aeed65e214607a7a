import type { Observer } from '@b-ticketing/core'
import type { Logger } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Route } from './http/route.ts'

export interface Metrics {
  /** Figures and log lines of the engine. */
  readonly observer: Observer
  /** One answer; labels are the route's pattern and the status, never who or what was asked for. */
  answered(route: Route, status: number, startedAt: number): void
  text(): Promise<{ readonly type: string; readonly text: string }>
}

const milliseconds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000]

export function createMetrics(log: Logger): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const durations = new Histogram({
    name: 'http_request_duration_ms',
    help: 'Time to an answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: milliseconds,
    registers: [registry],
  })
  const series = new Map<string, { observe(ms: number): void }>()
  return {
    observer: engineObserver(registry, log),
    answered(route, status, startedAt) {
      const key = `${route.name} ${status}`
      let one = series.get(key)
      if (one === undefined) {
        one = durations.labels(route.method, route.path, String(status))
        series.set(key, one)
      }
      one.observe(performance.now() - startedAt)
    },
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  }
}

function engineObserver(registry: Registry, log: Logger): Observer {
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const described = (name: string, labels: Readonly<Record<string, string>>) => ({
    name: `bt_${name}`,
    help: name.replaceAll('_', ' '),
    labelNames: Object.keys(labels),
    registers: [registry],
  })
  return {
    log: (level, message, fields = {}) => {
      const { error, ...rest } = fields
      log[level](error === undefined ? rest : { ...rest, err: error }, message)
    },
    count: (name, labels = {}, by = 1) => {
      const counter = counters.get(name) ?? new Counter(described(name, labels))
      counters.set(name, counter)
      counter.inc(labels, by)
    },
    gauge: (name, value, labels = {}) => {
      const gauge = gauges.get(name) ?? new Gauge(described(name, labels))
      gauges.set(name, gauge)
      gauge.set(labels, value)
    },
  }
}
