import { paymentViewContract } from '@b-ticketing/core/conformance'
import type { PaymentStatus } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { createRedisPaymentView } from './payment-view.ts'
import { describeRedis, testSpace } from './redis.test-support.ts'
import { isCluster } from './redis-client.ts'

const status: PaymentStatus = {
  requestId: 'r1',
  visitor: 'v1',
  status: 'COMPLETED',
  reason: null,
  reservationId: 'b1',
  amount: { value: 42_000, currency: 'KRW' },
  refund: 'none',
  version: 3,
  updatedAt: 1_800_000_000_000,
}

await describeRedis('PaymentView', (redis) => {
  const newView = () => {
    const space = testSpace(redis)
    const port = createRedisPaymentView({
      scripts: space.scripts,
      keys: space.keys,
      isCluster: isCluster(redis.client),
    })
    return { ...space, port, close: space.forget }
  }

  for (const { name, run } of paymentViewContract(newView)) test(name, run)

  test('P1, P3: payment:status:<requestId> shows the state and its line, for a day', async () => {
    const { port, prefix, call, close } = newView()
    await port.put({ payments: [{ ...status, status: 'PENDING', version: 1 }] })
    const key = `${prefix}payment:status:r1`
    expect(await call('hmget', key, 'status', 'message')).toEqual(['PENDING', '결제 요청 중...'])
    await port.put({ payments: [status] })
    expect(await call('hmget', key, 'status', 'message', 'version')).toEqual([
      'COMPLETED',
      '결제 완료: ReservationId=b1, 금액=42000',
      '3',
    ])
    expect(Number(await call('pttl', key))).toBeGreaterThan(86_390_000)
    await close()
  })

  test('what cannot be read is not known', async () => {
    const { port, prefix, call, close } = newView()
    await port.put({ payments: [status] })
    await call('hset', `${prefix}payment:status:r1`, 'document', '{')
    expect(await port.get({ requestIds: ['r1'] })).toEqual([null])
    await close()
  })

  test('I17: what another run of the server wrote is not known, whatever its version, and gives way', async () => {
    const { port, prefix, call, close } = newView()
    await port.put({ payments: [{ ...status, version: 9 }] })
    await call('hset', `${prefix}payment:status:r1`, 'run', 'f'.repeat(40))
    expect(await port.get({ requestIds: ['r1'] })).toEqual([null])
    await port.put({ payments: [status] })
    expect(await port.get({ requestIds: ['r1'] })).toEqual([status])
    await close()
  })

  test('a batch of 256 is put and read', async () => {
    const { port, close } = newView()
    const payments = Array.from({ length: 256 }, (_, i) => ({ ...status, requestId: `r${i}` }))
    await port.put({ payments })
    expect(await port.get({ requestIds: payments.map(({ requestId }) => requestId) })).toEqual(payments)
    await close()
  })
})
