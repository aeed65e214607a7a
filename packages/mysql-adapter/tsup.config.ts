import { defineConfig, type Options } from 'tsup'
import { migrations } from './src/migration-text.ts'

/** Puts the migrations themselves in the place of migration-text.ts, so that the build needs no file beside it. */
const migrationsAsText: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'migrations-as-text',
  setup: (build) => {
    build.onLoad({ filter: /migration-text[.]ts$/ }, () => ({
      contents: `export const migrations = ${JSON.stringify(migrations)}`,
      loader: 'js',
    }))
  },
}

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  dts: true,
  sourcemap: true,
  clean: true,
  esbuildPlugins: [migrationsAsText],
})
