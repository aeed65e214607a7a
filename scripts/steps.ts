import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageCheck } from './package-check.ts'
import { root, runAll, tool } from './run.ts'

/** One check of the project: what `npm test` runs in this order before the tests. */
export interface Step {
  readonly heading: string
  /** Resolves to true when nothing was found. */
  run(args: readonly string[]): Promise<boolean>
}

const workspaces = ['packages', 'examples', 'tests']
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
  .concat('benchmarks', '.')

const typed = workspaces.filter((dir) => ['src', 'scripts'].some((folder) => existsSync(join(root, dir, folder))))

/** Workspaces that are published: a package.json in packages/ that is not private. */
const published = workspaces.filter((dir) => dir.startsWith('packages/') && !isPrivate(dir))

const sources = ['packages', 'examples', 'tests', 'benchmarks', 'docs', 'scripts'].filter((dir) =>
  existsSync(join(root, dir)),
)

export const steps = {
  check: {
    heading: 'format and lint (biome)',
    run: (args) => runAll([tool('biome', 'check', '--error-on-warnings', ...args)]),
  },
  format: {
    heading: 'format (biome, writes)',
    run: (args) => runAll([tool('biome', 'check', '--write', ...args)]),
  },
  typecheck: {
    heading: 'types (tsc, every workspace)',
    run: (args) => runAll((args.length > 0 ? args : typed).map((dir) => tool('tsc', '--project', join(root, dir)))),
  },
  boundaries: {
    heading: 'boundaries (dependency-cruiser)',
    run: (args) => runAll([tool('depcruise', '--config', '.dependency-cruiser.mjs', ...sources, ...args)]),
  },
  unused: {
    heading: 'unused files, exports and dependencies (knip)',
    run: (args) => runAll([tool('knip', ...args)]),
  },
  build: {
    heading: 'build (tsup)',
    run: build,
  },
  pack: {
    heading: 'pack (the files to install, in packed/)',
    run: async () =>
      (await build()) &&
      runAll(
        published.map((dir) => ({
          ...tool('pnpm', 'pack', '--silent', '--pack-destination', join(root, 'packed')),
          cwd: join(root, dir),
        })),
      ),
  },
  'package-check': {
    heading: 'packed packages (publint, attw)',
    run: () => packageCheck(published),
  },
} satisfies Record<string, Step>

function build(): Promise<boolean> {
  return runAll(published.map((dir) => ({ ...tool('tsup', '--silent'), cwd: join(root, dir) })))
}

function isPrivate(dir: string): boolean {
  return JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8')).private === true
}
