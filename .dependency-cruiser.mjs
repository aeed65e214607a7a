// Imports go left only:
// shared < locking, messaging < catalogue < waiting-room < seating < payment < booking < notification < engine < entries
const core = 'packages/core/src'
const test = '[.]test(-support)?[.]ts$'
const adapters = '^packages/(redis|kafka|mysql)-adapter/'

/** Room -> the rooms it may import from. */
const rooms = leftOf([
  ['shared'],
  ['locking', 'messaging'],
  ['catalogue'],
  ['waiting-room'],
  ['seating'],
  ['payment'],
  ['booking'],
  ['notification'],
])

function leftOf(levels) {
  return levels.flatMap((level, i) => level.map((room) => ({ room, left: levels.slice(0, i).flat() })))
}

const roomRules = rooms.map(({ room, left }) => ({
  name: `${room}-imports-left-only`,
  comment: `${room} may import from: ${left.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^${core}/${room}/`, pathNot: test },
  to: { path: `^${core}/`, pathNot: `^${core}/(${[room, ...left].join('|')})/` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...roomRules,
    {
      name: 'no-unknown-room',
      comment: 'A folder of core must have its place in the list of rooms above.',
      severity: 'error',
      from: {},
      to: { path: `^${core}/[^/]+/`, pathNot: `^${core}/(${rooms.map(({ room }) => room).join('|')})/` },
    },
    {
      name: 'no-service-of-another-room',
      comment:
        'A room uses the nouns and ports of rooms to its left, never their services or loops: only the engine does.',
      severity: 'error',
      from: { path: `^${core}/([^/]+)/`, pathNot: test },
      to: {
        path: `^${core}/(catalogue/catalogue|waiting-room/waiting-room|seating/seating|booking/bookings|[^/]+/[^/]+-loop)[.]ts$`,
        pathNot: `^${core}/$1/`,
      },
    },
    {
      name: 'entries-are-for-others',
      comment: 'Nothing in core imports an entry, and the engine stands left of them.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: test },
      to: { path: `^${core}/(index|ports|adapter-kit|memory|conformance)[.]ts$` },
    },
    {
      name: 'engine-is-for-entries',
      comment: 'Only entries import the engine.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: [test, `^${core}/[^/]+[.]ts$`] },
      to: { path: `^${core}/[^/]+[.]ts$` },
    },
    {
      name: 'ports-import-types-only',
      comment: 'A *.port.ts file imports with `import type` only.',
      severity: 'error',
      from: { path: '[.]port[.]ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'memory-adapters-stay-out-of-production',
      comment: 'Only memory.ts, other in-memory adapters and tests import *.memory.ts.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: [test, '[.]memory[.]ts$', `^${core}/memory[.]ts$`] },
      to: { path: '[.]memory[.]ts$' },
    },
    {
      name: 'contracts-stay-out-of-production',
      comment: 'Only conformance.ts, other contracts and tests import *.contract.ts.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: [test, '[.]contract[.]ts$', `^${core}/conformance[.]ts$`] },
      to: { path: ['[.]contract[.]ts$', `^${core}/shared/contract[.]ts$`] },
    },
    {
      name: 'core-has-no-dependencies',
      comment: 'Core imports no package at run time; tests may.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: test },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'core-has-no-builtins',
      comment: 'node:crypto in shared/crypto.ts and node:assert in contracts are the only builtins of core.',
      severity: 'error',
      from: { path: `^${core}/`, pathNot: [test, `^${core}/shared/(crypto|contract)[.]ts$`, '[.]contract[.]ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'crypto-imports-node-crypto-only',
      severity: 'error',
      from: { path: `^${core}/shared/crypto[.]ts$` },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'contracts-import-node-assert-only',
      severity: 'error',
      from: { path: [`^${core}/shared/contract[.]ts$`, `^${core}/.+[.]contract[.]ts$`] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?assert(/strict)?$' },
    },
    {
      name: 'public-entries-only',
      comment: 'Everything outside of core uses what core exports: index, ports, adapter-kit, memory, conformance.',
      severity: 'error',
      from: { path: '^(packages|examples|tests|benchmarks|docs)/', pathNot: '^packages/core/' },
      to: { path: '^packages/core/', pathNot: `^${core}/(index|ports|adapter-kit|memory|conformance)[.]ts$` },
    },
    {
      name: 'adapters-ship-no-test-doubles',
      comment: 'An adapter uses core, core/ports and core/adapter-kit; memory and conformance belong to its tests.',
      severity: 'error',
      from: { path: adapters, pathNot: test },
      to: { path: `^${core}/(memory|conformance)[.]ts$` },
    },
    {
      name: 'adapters-do-not-know-each-other',
      severity: 'error',
      from: { path: '^packages/(redis|kafka|mysql)-adapter/' },
      to: { path: adapters, pathNot: '^packages/$1-adapter/' },
    },
    {
      name: 'core-knows-no-adapter',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: [adapters, '^(examples|tests|benchmarks)/'] },
    },
    {
      name: 'only-main-constructs-adapters',
      comment:
        'In the server and its sandbox gateway main.ts opens what stores.ts chooses and server.ts puts the house together; everything else receives the engine.',
      severity: 'error',
      from: {
        path: '^examples/server/src/',
        pathNot: [test, '^examples/server/src/((gateway/)?main|server|stores)[.]ts$'],
      },
      to: { path: [adapters, `^${core}/(memory|conformance)[.]ts$`] },
    },
    {
      name: 'server-ships-no-dev-dependency',
      severity: 'error',
      from: { path: '^examples/server/src/', pathNot: test },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-imports',
      comment: 'A test file is imported by nobody.',
      severity: 'error',
      from: {},
      to: { path: '[.]test[.]ts$' },
    },
    {
      name: 'test-support-is-for-tests',
      severity: 'error',
      from: { pathNot: test },
      to: { path: '[.]test-support[.]ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that imports nothing.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          test,
          '[.]d[.]ts$',
          '[.]config[.]ts$',
          '^docs/',
          '^examples/server/public/',
          `^${core}/(index|ports|adapter-kit|memory|conformance)[.]ts$`,
        ],
      },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@b-ticketing/source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
}
