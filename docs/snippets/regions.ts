import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname

/** The lines of a snippet between `// region` and `// endregion`, without their common indent: what a page may show of it. */
export function regionOf(file: string): string {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n')
  const from = lines.findIndex((line) => line.trim().startsWith('// region'))
  const to = lines.findIndex((line) => line.trim() === '// endregion')
  const shown = lines.slice(from + 1, to)
  const indent = Math.min(...shown.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return shown.map((line) => line.slice(indent)).join('\n')
}

const block = /```ts docs\/snippets\/(\S+)\n([\s\S]*?)```/g

/** Every snippet a page shows: the file it names, and what stands under it. */
export const shownIn = (page: string): readonly { readonly file: string; readonly text: string }[] =>
  [...page.matchAll(block)].map(([, file = '', text = '']) => ({ file, text }))

/** The page with every snippet as its file has it now. */
export const refreshed = (page: string): string =>
  page.replaceAll(block, (_, file: string) => `\`\`\`ts docs/snippets/${file}\n${regionOf(file)}\n\`\`\``)
