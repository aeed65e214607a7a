import { call } from './api.js'
import { element } from './dom.js'
import { money, t } from './text.js'

/** Fills `list` with the visitor's reservations, each with its way out; looks again while a refund is on its way. */
export async function showReservations(list, looks = 40) {
  const { ok, body } = await call('GET', '/reservations')
  if (!ok) return
  list.replaceChildren(...body.items.map((reservation) => item(reservation, () => showReservations(list))))
  if (body.items.length === 0) list.textContent = t.noReservations
  const refunding = body.items.some(({ state }) => state === 'REFUNDING')
  if (refunding && looks > 0) setTimeout(() => showReservations(list, looks - 1), 1_500)
}

function item({ reservationId, state, seats, amount }, refresh) {
  const where = seats.map(({ section, row, label }) => t.seat(t.section(section), row, label)).join(' · ')
  const row = element(
    'li',
    {},
    element('span', { textContent: where }),
    element('span', { className: `badge ${state.toLowerCase()}`, textContent: t.reservationState[state] }),
    element('small', { textContent: `${money(amount)} · ${reservationId}` }),
  )
  if (state !== 'CONFIRMED') return row
  const cancel = element('button', { type: 'button', className: 'quiet', textContent: t.cancelReservation })
  cancel.addEventListener('click', async () => {
    if (!confirm(t.confirmCancel(money(amount)))) return
    cancel.disabled = true
    await call('POST', `/reservations/${reservationId}/cancel`)
    await refresh()
  })
  row.append(cancel)
  return row
}
