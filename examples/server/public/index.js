import { call } from './api.js'
import { $, element } from './dom.js'
import { showReservations } from './reservations.js'
import { setTexts, t } from './text.js'

setTexts()
const { body } = await call('GET', '/schedules')
$('sales').replaceChildren(
  ...body.schedules.map(({ scheduleId, name, saleState }) =>
    element(
      'li',
      {},
      element('span', { textContent: name }),
      element('span', { className: 'badge', textContent: t.saleState[saleState] }),
      element('a', { className: 'button', href: `/booking/${scheduleId}`, textContent: t.book }),
    ),
  ),
)
if (body.schedules.length === 0) $('sales').textContent = t.noSales
await showReservations($('reservations'))
