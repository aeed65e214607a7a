import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const source = ['@b-ticketing/source']

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source, externalConditions: source } },
  test: {
    include: [
      '{packages,examples,tests}/*/{src,demo,test}/**/*.test.ts',
      'benchmarks/src/**/*.test.ts',
      '{docs,scripts}/**/*.test.ts',
    ],
    // Services start when the first test asks for them, and end with the run.
    globalSetup: 'tests/services/src/vitest-setup.ts',
    environment: 'node',
    pool: 'threads',
    // The default leaves one core to itself; much of a test is waiting for servers.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    // Those that are concurrent wait for servers most of the time.
    maxConcurrency: 8,
    // What is awaited comes in milliseconds; on a busy machine it may take its time.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
})
