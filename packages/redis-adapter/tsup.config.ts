import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

/** Puts the text of every script in the place of script-text.ts, so that the build needs no file beside it. */
const scriptsAsText: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'scripts-as-text',
  setup: (build) => {
    build.onLoad({ filter: /script-text[.]ts$/ }, () => {
      const files = readdirSync('src/scripts', { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.lua'),
      )
      const texts = files.map((name) => [
        name.slice(0, -4).replaceAll('\\', '/'),
        readFileSync(`src/scripts/${name}`, 'utf8'),
      ])
      const contents = `const texts = ${JSON.stringify(Object.fromEntries(texts))}
        export const scriptText = (name) => texts[name]`
      return { contents, loader: 'js' }
    })
  },
}

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node22',
  dts: true,
  sourcemap: true,
  clean: true,
  esbuildPlugins: [scriptsAsText],
})
