import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from './journey.ts'
import { ConsumerProject, coreFolder, packCore, temporaryFolder } from './project.ts'

const entries = [
  '@b-ticketing/core',
  '@b-ticketing/core/ports',
  '@b-ticketing/core/adapter-kit',
  '@b-ticketing/core/memory',
  '@b-ticketing/core/conformance',
]
const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
}

let packed = ''
let tarball = ''
let journey = ''

beforeAll(async () => {
  packed = await temporaryFolder('packed')
  tarball = await packCore(packed)
  journey = await readFile(join(import.meta.dirname, 'journey.ts'), 'utf8')
}, 120_000)

afterAll(() => rm(packed, { recursive: true, force: true }))

const compile = (module: ts.ModuleKind): string =>
  ts.transpileModule(journey, { compilerOptions: { module, target: ts.ScriptTarget.ES2022 } }).outputText

function expectSold(output: string): void {
  const report: Report = JSON.parse(output)
  expect(report).toEqual({ seats: expect.any(Array), status: 'COMPLETED', reservationId: expect.any(String) })
  expect(new Set(report.seats).size).toBe(3)
}

test('an ESM project runs the journey', async () => {
  await using project = await ConsumerProject.create({ tarball, type: 'module' })
  await project.write('journey.js', compile(ts.ModuleKind.ESNext))
  await project.write(
    'main.js',
    "import { journey } from './journey.js'\nconsole.log(JSON.stringify(await journey()))\n",
  )
  expectSold(await project.node('main.js'))
})

test('a CJS project runs the journey through require', async () => {
  await using project = await ConsumerProject.create({ tarball, type: 'commonjs' })
  const compiled = compile(ts.ModuleKind.CommonJS)
  expect(compiled).toContain('require("@b-ticketing/core")')
  await project.write('journey.js', compiled)
  await project.write(
    'main.js',
    "require('./journey.js').journey().then((report) => console.log(JSON.stringify(report)))\n",
  )
  expectSold(await project.node('main.js'))
})

test.each([
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
])('a strict TypeScript project compiles with moduleResolution $moduleResolution', async (resolution) => {
  await using project = await ConsumerProject.create({ tarball, type: 'module' })
  await project.link('@types/node')
  await project.write('journey.ts', journey)
  await project.write('entries.ts', entries.map((name, i) => `export * as entry${i} from '${name}'`).join('\n'))
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...strict, ...resolution } }))
  expect(await project.tsc('--project', '.')).toBe('')
})

test('every entry loads, and require and import give the same module', async () => {
  await using project = await ConsumerProject.create({ tarball, type: 'commonjs' })
  await project.write(
    'main.js',
    `Promise.all(${JSON.stringify(entries)}.map(async (name) => require(name) === (await import(name))))
      .then((same) => console.log(JSON.stringify(same)))`,
  )
  expect(JSON.parse(await project.node('main.js'))).toEqual(entries.map(() => true))
})

test('the package has no dependencies, ships no sources and brings its licence and readme', async () => {
  await using project = await ConsumerProject.create({ tarball, type: 'module' })
  const installed = join(project.folder, 'node_modules/@b-ticketing/core')
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  expect(manifest.dependencies ?? {}).toEqual({})
  expect(JSON.stringify(manifest.exports)).not.toContain('src/')
  expect((await readdir(installed)).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
})

test('what is published are the entries of development without the source condition', async () => {
  const manifest = JSON.parse(await readFile(join(coreFolder, 'package.json'), 'utf8'))
  const withoutSource = JSON.stringify(manifest.exports, (key, value) =>
    key === '@b-ticketing/source' ? undefined : value,
  )
  expect(JSON.parse(withoutSource)).toEqual(manifest.publishConfig.exports)
})
