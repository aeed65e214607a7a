// Loaded before a task's program: ends it as SIGTERM would when the process that started it is gone, however it went.
// npm passes a signal to its shell only, and a killed parent passes nothing on; the server would stay behind and keep its port.
import { isMainThread } from 'node:worker_threads'

const lookEveryMs = 500

/** Calls `end` once the parent is another one. On Windows that is never seen. */
export function onOrphaned(end) {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    end()
  }, lookEveryMs)
  watch.unref()
}

/** As a preload (`--import …?child`); imported for `onOrphaned` alone it does nothing. */
if (import.meta.url.endsWith('?child') && isMainThread) onOrphaned(() => process.kill(process.pid, 'SIGTERM'))
