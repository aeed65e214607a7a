import type { Observer } from '@b-ticketing/core'

/** A host's logger that throws must not end a consumer; without one, nobody is told. */
export function safeObserver(observer: Observer | undefined): Observer {
  const tell = (say: (to: Observer) => void): void => {
    try {
      if (observer) say(observer)
    } catch {
      // Nobody is left to tell.
    }
  }
  return {
    log: (level, message, fields) => tell((to) => to.log(level, message, fields)),
    count: (name, labels, by) => tell((to) => to.count(name, labels, by)),
    gauge: (name, value, labels) => tell((to) => to.gauge(name, value, labels)),
  }
}
