// region engine
import { createBookingEngine, type Engine } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { mysqlAdapters } from '@b-ticketing/mysql-adapter'
import type { Pool } from 'mysql2/promise'

export async function openEngine(pool: Pool, secret: string): Promise<Engine> {
  const record = mysqlAdapters(pool)
  await record.migrate()

  // Throws when a sale cannot run on this database, and says what an operator should know.
  const { warnings } = await record.doctor()
  for (const warning of warnings) console.warn(warning)

  return createBookingEngine({ ...inMemoryAdapters(), ...record, tokenSecrets: [{ kid: '2026-11', secret }] })
}
// endregion
