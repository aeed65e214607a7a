import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root, tool } from './run.ts'

const core = 'packages/core/src'
const server = 'examples/server/src'

/** Files that break no rule; the offenders below import them. */
const innocent = {
  'node_modules/some-package/index.js': 'export const some = 1',
  'node_modules/some-package/package.json': '{ "name": "some-package", "exports": "./index.js", "type": "module" }',
  'package.json': '{ "devDependencies": { "some-package": "1.0.0" } }',
  [`${core}/index.ts`]: "export { createBookingEngine } from './engine.ts'",
  [`${core}/engine.ts`]: "export { hold } from './seating/hold.ts'\nexport const createBookingEngine = 1",
  [`${core}/memory.ts`]: "export { memory } from './seating/seat-inventory.memory.ts'",
  [`${core}/shared/crypto.ts`]: "export { createHash } from 'node:crypto'",
  [`${core}/seating/hold.ts`]: "export { createHash as hold } from '../shared/crypto.ts'",
  [`${core}/seating/seating.ts`]: "export { hold } from './hold.ts'",
  [`${core}/seating/seat-inventory.port.ts`]: "import type { hold } from './hold.ts'\nexport type Port = typeof hold",
  [`${core}/seating/seat-inventory.memory.ts`]: "export { hold as memory } from './hold.ts'",
  [`${core}/seating/seat-inventory.contract.ts`]: "export { equal } from 'node:assert/strict'",
  [`${core}/seating/hold.test.ts`]:
    "import 'some-package'\nimport 'node:fs'\nimport '../engine.ts'\nimport './seating.ts'",
  [`${server}/main.ts`]: "import '../../../packages/core/src/memory.ts'",
}

/** One offender for each rule: what it is called and what it imports. */
const offenders: Record<string, readonly [file: string, imports: string]> = {
  'shared-imports-left-only': [`${core}/shared/a.ts`, '../locking/b.ts'],
  'locking-imports-left-only': [`${core}/locking/b.ts`, '../messaging/c.ts'],
  'messaging-imports-left-only': [`${core}/messaging/c.ts`, '../catalogue/d.ts'],
  'catalogue-imports-left-only': [`${core}/catalogue/d.ts`, '../waiting-room/e.ts'],
  'waiting-room-imports-left-only': [`${core}/waiting-room/e.ts`, '../seating/hold.ts'],
  'seating-imports-left-only': [`${core}/seating/f.ts`, '../payment/g.ts'],
  'payment-imports-left-only': [`${core}/payment/g.ts`, '../booking/h.ts'],
  'booking-imports-left-only': [`${core}/booking/h.ts`, '../notification/i.ts'],
  'notification-imports-left-only': [`${core}/notification/i.ts`, '../engine.ts'],
  'no-unknown-room': [`${core}/j.ts`, './attic/j.ts'],
  'no-service-of-another-room': [`${core}/booking/k.ts`, '../seating/seating.ts'],
  'entries-are-for-others': [`${core}/l.ts`, './memory.ts'],
  'engine-is-for-entries': [`${core}/payment/m.ts`, '../engine.ts'],
  'ports-import-types-only': [`${core}/seating/n.port.ts`, './hold.ts'],
  'memory-adapters-stay-out-of-production': [`${core}/o.ts`, './seating/seat-inventory.memory.ts'],
  'test-support-is-for-tests': [`${core}/seating/w.ts`, './seating.test-support.ts'],
  'contracts-stay-out-of-production': [`${core}/p.ts`, './seating/seat-inventory.contract.ts'],
  'core-has-no-dependencies': [`${core}/shared/q.ts`, 'some-package'],
  'core-has-no-builtins': [`${core}/shared/r.ts`, 'node:crypto'],
  'crypto-imports-node-crypto-only': [`${core}/shared/crypto.ts`, 'node:fs'],
  'contracts-import-node-assert-only': [`${core}/seating/s.contract.ts`, 'node:fs'],
  'public-entries-only': ['packages/redis-adapter/src/t.ts', '../../core/src/seating/hold.ts'],
  'adapters-ship-no-test-doubles': ['packages/redis-adapter/src/u.ts', '../../core/src/memory.ts'],
  'adapters-do-not-know-each-other': ['packages/redis-adapter/src/v.ts', '../../mysql-adapter/src/v.ts'],
  'core-knows-no-adapter': [`${core}/w.ts`, '../../mysql-adapter/src/v.ts'],
  'only-main-constructs-adapters': [`${server}/app.ts`, '../../../packages/core/src/memory.ts'],
  'server-ships-no-dev-dependency': [`${server}/x.ts`, 'some-package'],
  'no-test-imports': [`${server}/y.ts`, '../../../packages/core/src/seating/hold.test.ts'],
  'no-cycles': [`${server}/z.ts`, './z.ts'],
  'no-orphans': [`${core}/alone.ts`, ''],
  'no-unresolvable': [`${server}/routes.ts`, './nowhere.ts'],
}

interface Verdict {
  readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] }
}

async function cruise(files: Readonly<Record<string, string>>): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'b-ticketing-boundaries-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    await copyFile(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'))
    const { file, args } = tool('depcruise', '--config', join(root, '.dependency-cruiser.mjs'), '-T', 'json')
    const json = await new Promise<string>((resolve) => {
      execFile(file, [...args, 'packages', 'examples'], { cwd: folder }, (_, stdout) => resolve(stdout))
    })
    return JSON.parse(json).summary
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('files that keep the rules are left alone', async () => {
  expect((await cruise(innocent)).violations).toEqual([])
})

test('every rule bites its offender', async () => {
  const files: Record<string, string> = {
    ...innocent,
    [`${core}/attic/j.ts`]: "import '../engine.ts'",
    'packages/mysql-adapter/src/v.ts': "import 'some-package'",
  }
  for (const [file, imports] of Object.values(offenders)) {
    files[file] = `${files[file] ?? ''}\n${imports && `import '${imports}'`}`
  }
  const { violations, ruleSetUsed } = await cruise(files)
  expect(Object.keys(offenders).sort()).toEqual(ruleSetUsed.forbidden.map((rule) => rule.name).sort())

  const bitten = new Set(violations.map(({ rule, from }) => `${rule.name}: ${from}`))
  for (const [rule, [file]] of Object.entries(offenders)) expect.soft(bitten).toContain(`${rule}: ${file}`)
})
