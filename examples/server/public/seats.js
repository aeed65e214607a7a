import { call, now, pause, persist } from './api.js'
import { $, element } from './dom.js'
import { drawPlan, drawSection } from './plan.js'
import { showReservations } from './reservations.js'
import { SeatMap } from './seat-map.js'
import { clock, money, number, setTexts, t } from './text.js'

const chosen = new URLSearchParams(location.search).get('scheduleId')
const query = chosen === null ? '' : `?scheduleId=${encodeURIComponent(chosen)}`
let map = null
let view = null
let shown = null
let picked = new Map()
let hold = null
let passUntil = null
let news = null

setTexts()
const { ok, body: overview } = await persist('GET', `/seats/sections${query}`, undefined, trouble)
if (!ok) await new Promise(() => passOver())
const { scheduleId } = overview
const { body: sale } = await persist('GET', `/schedules/${scheduleId}`)
const { body: venue } = await persist('GET', `/venues/${sale.venueId}`)
map = await readMap()

const colors = new Map(sale.grades.map(({ id, color }) => [id, color]))
const prices = new Map(sale.grades.map(({ id, price }) => [id, price]))
const sectionById = new Map(venue.sections.map((section) => [section.id, section]))
$('sale').textContent = sale.name
$('back').textContent = t.back
fillForms()
showLegend()
showPlan()
await Promise.all([restore(), readPassTime(), showReservations($('reservations'))])
follow()
setInterval(tick, 500)

// What is where

function showPlan() {
  shown = null
  $('map-title').textContent = t.plan
  $('back').hidden = true
  view = drawPlan({
    venue,
    colors,
    available: ({ id, capacity }) => map.available(id, capacity),
    onChoose: showSection,
  })
  $('stage').replaceChildren(view.drawing)
}

function showSection(section) {
  shown = section
  $('map-title').textContent = `${section.label} · ${money(prices.get(section.grade))}`
  $('back').hidden = false
  view = drawSection({
    section,
    code: (index) => map.code(section.id, index),
    isMine: ({ seatId }) => hold?.seats.some((seat) => seat.seatId === seatId) ?? false,
    isPicked: ({ seatId }) => picked.has(seatId),
    onPress: (seat, index) => togglePick(section, seat, index),
  })
  $('stage').replaceChildren(view.drawing)
  $('auto').elements.section.value = section.id
}

$('back').addEventListener('click', () => {
  $('auto').elements.section.value = ''
  showPlan()
})

function showLegend() {
  const used = sale.grades.filter(({ id }) => venue.sections.some(({ grade }) => grade === id))
  $('legend').replaceChildren(
    ...used.map(({ id, label, price }) => {
      const dot = element('span', { className: 'dot' })
      dot.style.backgroundColor = colors.get(id) ?? '#888'
      return element('li', {}, dot, `${label} ${money(price)}`)
    }),
  )
}

/** Null when the pass has ended. */
async function readMap() {
  const { ok, body } = await persist('GET', `/seats/map${query}`, undefined, trouble)
  return ok ? new SeatMap(body) : null
}

/** Seats change before your eyes: deltas as they happen, the whole map when some are missing. */
function follow() {
  news = new EventSource(`/seats/events${query}`)
  news.addEventListener('seats', ({ data }) => {
    if (map.apply(JSON.parse(data))) view.update()
    else void refreshMap()
  })
  news.addEventListener('reset', refreshMap)
  news.addEventListener('open', refreshMap)
}

async function refreshMap() {
  const fresh = await readMap()
  if (fresh === null) return passOver()
  map = fresh
  view.update()
}

// Choosing

function fillForms() {
  const { quantity, section, together } = $('auto').elements
  const option = (value, textContent) => element('option', { value, textContent })
  for (let n = 1; n <= sale.maxSeatsPerVisitor; n++) quantity.append(option(n, t.people(n)))
  quantity.value = Math.min(2, sale.maxSeatsPerVisitor)
  section.append(option('', t.anywhere), ...venue.sections.map(({ id, label }) => option(id, label)))
  together.append(option('any', t.togetherAny), option('row', t.togetherRow), option('adjacent', t.togetherAdjacent))
  $('pay').elements.paymentToken.append(...Object.entries(t.tokens).map(([token, text]) => option(token, text)))
  showPicked()
}

function togglePick(section, seat, index) {
  if (hold !== null) return
  if (picked.has(seat.seatId)) picked.delete(seat.seatId)
  else if (map.code(section.id, index) === 0 && picked.size < sale.maxSeatsPerVisitor) {
    picked.set(seat.seatId, t.seat(section.label, seat.row.label, seat.label))
  }
  view.update()
  showPicked()
}

function showPicked() {
  $('picked').replaceChildren(...[...picked.values()].map((text) => element('li', { textContent: text })))
  $('select').disabled = picked.size === 0
  $('select').textContent = t.select(picked.size)
}

$('select').addEventListener('click', () => take('/seats/select', { seatIds: [...picked.keys()] }))

$('auto').addEventListener('submit', (event) => {
  event.preventDefault()
  const { quantity, section, together } = event.target.elements
  void take('/seats/auto-assign', {
    quantity: Number(quantity.value),
    together: together.value,
    ...(section.value !== '' && { section: section.value }),
  })
})

async function take(path, body) {
  busy(true)
  const answer = await persist('POST', `${path}${query}`, body, trouble)
  picked = new Map()
  busy(false)
  if (!answer.ok) {
    if (answer.status === 409) await refreshMap()
    return refused(answer)
  }
  notice('')
  showHold(answer.body)
}

function busy(yes) {
  for (const button of document.querySelectorAll('aside button')) button.disabled = yes
  if (!yes) showPicked()
}

// Holding and paying

function showHold(next) {
  hold = next
  $('choose').hidden = next !== null
  $('held').hidden = next === null
  if (next !== null) {
    $('result').hidden = true
    $('amount').textContent = money(next.amount)
    $('held-seats').replaceChildren(
      ...next.seats.map(({ section, row, label, price }) =>
        element(
          'li',
          {},
          element('span', { textContent: t.seat(sectionById.get(section)?.label ?? section, row, label) }),
          element('span', { textContent: money(price) }),
        ),
      ),
    )
    const first = sectionById.get(next.seats[0].section)
    if (first && shown !== first) showSection(first)
    showHoldTime()
  }
  view.update()
}

/** After a reload: the payment that was running, else the hold. */
async function restore() {
  const requestId = sessionStorage.getItem(`payment ${scheduleId}`)
  if (requestId !== null && (await call('GET', `/payments/${requestId}/status`)).ok) {
    return void watchPayment({ requestId, message: '' })
  }
  const { ok, body } = await call('GET', `/seats/holds${query}`)
  if (ok && body.items.length > 0) showHold(body.items[0])
}

$('extend').addEventListener('click', async () => {
  const answer = await call('POST', `/seats/holds/${hold.holdId}/extend${query}`)
  if (answer.ok) showHold(answer.body)
  else refused(answer)
})

$('release').addEventListener('click', async () => {
  await call('DELETE', `/seats/holds/${hold.holdId}${query}`)
  showHold(null)
})

$('pay').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { email, name, paymentToken } = event.target.elements
  busy(true)
  const answer = await persist(
    'POST',
    `/payments${query}`,
    {
      holdId: hold.holdId,
      amount: hold.amount,
      email: email.value,
      ...(name.value !== '' && { name: name.value }),
      paymentToken: paymentToken.value,
    },
    trouble,
  )
  busy(false)
  // A refusal that names a payment: this hold is being paid, or is paid, already.
  if (!answer.ok && answer.body.requestId === undefined) return refused(answer)
  hold = null
  $('held').hidden = true
  await watchPayment({ message: answer.body.title, ...answer.body })
})

/** The result as it comes; a completed purchase gives the slot back to the line. */
async function watchPayment({ requestId, message }) {
  sessionStorage.setItem(`payment ${scheduleId}`, requestId)
  $('choose').hidden = true
  $('result').hidden = false
  $('once-more').hidden = true
  showMessage('PENDING', message)
  $('cancel-payment').hidden = false
  $('cancel-payment').onclick = () => call('POST', `/payments/${requestId}/cancel`)
  let status = 'PENDING'
  while (status === 'PENDING') {
    await pause(700)
    const answer = await persist('GET', `/payments/${requestId}/status`, undefined, trouble)
    status = answer.body.status
  }
  $('cancel-payment').hidden = true
  const { body } = await persist('GET', `/payments/${requestId}/message`, undefined, trouble)
  showMessage(status, body.message)
  sessionStorage.removeItem(`payment ${scheduleId}`)
  await showReservations($('reservations'))
  if (status === 'COMPLETED') return leave()
  $('once-more').hidden = false
  $('choose').hidden = false
}

function showMessage(status, text) {
  $('message').className = `message ${status.toLowerCase()}`
  $('message').textContent = text
}

$('once-more').addEventListener('click', () => {
  $('result').hidden = true
  $('choose').hidden = false
})

// Time, leaving and trouble

async function readPassTime() {
  const { ok, body } = await call('GET', `/queue/status?scheduleId=${scheduleId}`)
  if (ok && body.passExpiresAt) passUntil = Date.parse(body.passExpiresAt)
}

function tick() {
  if (passUntil !== null) {
    $('pass-time').textContent = t.passTime(clock(passUntil - now()))
    if (passUntil <= now()) return passOver()
  }
  if (hold === null || showHoldTime() > 0) return
  showHold(null)
  notice(t.holdOver)
}

function showHoldTime() {
  const left = Date.parse(hold.expiresAt) - now()
  $('hold-time').textContent = t.holdTime(clock(left))
  $('hold-time').classList.toggle('soon', left < 30_000)
  return left
}

$('leave').addEventListener('click', async () => {
  await leave()
  location.assign('/')
})

async function leave() {
  news?.close()
  passUntil = null
  $('pass-time').textContent = ''
  $('leave').hidden = true
  $('choose').hidden = true
  await persist('DELETE', `/queue?scheduleId=${scheduleId}`, undefined, trouble)
}

function refused({ status, body }) {
  if (status === 401 || status === 403) return passOver()
  const more = body.largestFit ? ` (${number(body.largestFit)})` : ''
  notice(`${body.title}${more}`)
}

function passOver() {
  passUntil = null
  $('pass-time').textContent = ''
  news?.close()
  notice(t.passOver)
  const line = element('a', { className: 'button', href: chosen ? `/booking/${chosen}` : '/', textContent: t.toLine })
  $('notice').append(' ', line)
  for (const id of ['choose', 'held']) $(id).hidden = true
}

function notice(text) {
  $('notice').hidden = text === ''
  $('notice').textContent = text
}

function trouble() {
  notice(t.offline)
}
