/**
 * Node's own warnings, to be logged like everything else. kafkajs counts some of its delays below zero: harmless, and of no use to
 * an operator.
 */
export function hearWarnings(log: (line: string) => void): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    if (name !== 'TimeoutNegativeWarning') log(`${name}: ${message}`)
  })
}
