import { readFileSync } from 'node:fs'

/** The text of `scripts/<name>.lua`. The build puts the texts in the place of this file: see tsup.config.ts. */
export const scriptText = (name: string): string =>
  readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
