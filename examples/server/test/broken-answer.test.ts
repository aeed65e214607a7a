import { expect, test } from 'vitest'
import { startServer } from './harness.ts'

test('an answer that cannot be written breaks its own connection, never the server', async () => {
  await using server = await startServer()
  const { schedules, waitingRoom } = server.engine
  const [list, join] = [schedules.list, waitingRoom.join]
  const endless: Record<string, unknown> = {}
  endless.self = endless
  Object.assign(schedules, {
    list: async () => ({ items: [{ startsAt: null, opensAt: null, name: endless }], next: null }),
  })
  Object.assign(waitingRoom, { join: async () => ({ created: true, ticket: 'a\r\nb', status: { state: 'waiting' } }) })
  await expect(server.visitor().get('/schedules')).rejects.toThrow()
  await expect(server.visitor().post('/queue', { scheduleId: 'game-1' })).rejects.toThrow()
  Object.assign(schedules, { list })
  Object.assign(waitingRoom, { join })
  expect((await server.visitor().get('/schedules')).status).toBe(200)
  expect(server.lines.filter((line) => line.includes('a request failed'))).toHaveLength(2)
})
