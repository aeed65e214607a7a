import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  readonly number: number
  /** Of its file, without `.sql`. */
  readonly name: string
  readonly text: string
}

const folder = new URL('./migrations/', import.meta.url)

/** All of `migrations/`, in order. The build puts the texts in the place of this file: see tsup.config.ts. */
export const migrations: readonly Migration[] = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .sort()
  .map((file) => ({
    number: Number(file.slice(0, 4)),
    name: file.slice(0, -4),
    text: readFileSync(new URL(file, folder), 'utf8'),
  }))
