import { call, now, pause, persist } from './api.js'
import { $, element } from './dom.js'
import { drawPlan, drawSection } from './plan.js'
import { showReservations } from './reservations.js'
import { SeatMap } from './seat-map.js'
import { clock, gradeName, money, number, sectionName, setTexts, t } from './text.js'

const chosen = new URLSearchParams(location.search).get('scheduleId')
const query = chosen === null ? '' : `?scheduleId=${encodeURIComponent(chosen)}`
let scheduleId = chosen
let map = null
let view = null
let shown = null
let picked = new Map()
let hold = null
let passUntil = null
let news = null

setTexts()
const { ok, body: overview } = await persist('GET', `/seats/sections${query}`, undefined, trouble)
$('house').hidden = false
if (!ok) await new Promise(() => void outside())
scheduleId = overview.scheduleId
const { body: sale } = await persist('GET', `/schedules/${scheduleId}`)
const { body: venue } = await persist('GET', `/venues/${sale.venueId}`)
map = await readMap()

const colors = new Map(sale.grades.map(({ id, color }) => [id, color]))
const prices = new Map(sale.grades.map(({ id, price }) => [id, price]))
const sectionById = new Map(venue.sections.map((section) => [section.id, section]))
$('sale').textContent = sale.name
$('back').textContent = t.back
sessionStorage.removeItem(`result ${scheduleId}`)
fillForms()
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
  putOnStage(view.drawing, 0.5)
  repaint()
  const used = sale.grades.filter(({ id }) => venue.sections.some(({ grade }) => grade === id))
  showLegend(
    used.map((grade) => {
      const dot = element('span', { className: 'dot' })
      dot.style.backgroundColor = colors.get(grade.id) ?? '#888'
      return [dot, `${gradeName(grade)} ${money(grade.price)}`]
    }),
    t.mapHint,
  )
}

/** `from`: the part that is in view where the drawing is wider than the stage, 0 its left end, 0.5 its middle. */
function putOnStage(drawing, from) {
  const stage = $('stage')
  stage.replaceChildren(drawing)
  stage.scrollTop = 0
  stage.scrollLeft = (stage.scrollWidth - stage.clientWidth) * from
}

function showLegend(entries, hint) {
  $('legend').replaceChildren(...entries.map((entry) => element('li', {}, ...entry)))
  $('map-hint').textContent = hint
}

function showSection(section) {
  shown = section
  $('map-title').textContent = `${sectionName(section)} · ${money(prices.get(section.grade))}`
  $('back').hidden = false
  view = drawSection({
    section,
    code: (index) => map.code(section.id, index),
    isMine: ({ seatId }) => hold?.seats.some((seat) => seat.seatId === seatId) ?? false,
    isPicked: ({ seatId }) => picked.has(seatId),
    onPress: (seat, index) => togglePick(section, seat, index),
  })
  putOnStage(view.drawing, 0)
  $('auto').elements.section.value = section.id
  const states = Object.entries(t.state).map(([state, text]) => [swatch(state), text])
  const hasPlaces = section.rows.some((row) => row.seats.some(({ accessible }) => accessible))
  showLegend(hasPlaces ? [...states, [swatch('ACCESSIBLE'), t.accessible]] : states, t.seatHint)
}

function swatch(state) {
  return element('span', { className: `swatch ${state.toLowerCase()}` })
}

$('auto').elements.section.addEventListener('change', ({ target }) => {
  if (target.value === '') showPlan()
  else showSection(sectionById.get(target.value))
})

$('back').addEventListener('click', () => {
  $('auto').elements.section.value = ''
  showPlan()
})

/** Null when the pass has ended. */
async function readMap() {
  const { ok, body } = await persist('GET', `/seats/map${query}`, undefined, trouble)
  return ok ? new SeatMap(body) : null
}

/** Seats change before your eyes: deltas as they happen, the whole map when some are missing. */
function follow() {
  news = new EventSource(`/seats/events${query}`)
  news.addEventListener('seats', ({ data }) => {
    if (map.apply(JSON.parse(data))) repaint()
    else void refreshMap()
  })
  news.addEventListener('reset', refreshMap)
  news.addEventListener('open', refreshMap)
}

async function refreshMap() {
  const fresh = await readMap()
  if (fresh === null) return passOver()
  map = fresh
  repaint()
}

function repaint() {
  view.update()
  // Where seats are made when none is left, there is always one to ask for. The first section that has any ends the search.
  const hasSeats = ({ id, kind, capacity }) => kind === 'elastic' || map.available(id, capacity) > 0
  $('sold-out').hidden = venue.sections.some(hasSeats)
}

// Choosing

function fillForms() {
  const { quantity, section, together } = $('auto').elements
  const option = (value, textContent) => element('option', { value, textContent })
  for (let n = 1; n <= sale.maxSeatsPerVisitor; n++) quantity.append(option(n, t.people(n)))
  quantity.value = Math.min(2, sale.maxSeatsPerVisitor)
  section.append(option('', t.anywhere), ...venue.sections.map((section) => option(section.id, sectionName(section))))
  together.append(option('any', t.togetherAny), option('row', t.togetherRow), option('adjacent', t.togetherAdjacent))
  $('pay').elements.paymentToken.append(...Object.entries(t.tokens).map(([token, text]) => option(token, text)))
  showPicked()
}

function togglePick(section, seat, index) {
  if (hold !== null) return
  if (picked.has(seat.seatId)) picked.delete(seat.seatId)
  else if (map.code(section.id, index) === 0 && picked.size < sale.maxSeatsPerVisitor) {
    picked.set(seat.seatId, t.seat(sectionName(section), seat.row.label, seat.label))
  }
  repaint()
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
          element('span', { textContent: t.seat(t.section(section), row, label) }),
          element('span', { textContent: money(price) }),
        ),
      ),
    )
    const first = sectionById.get(next.seats[0].section)
    if (first && shown !== first) showSection(first)
    showHoldTime()
    $('held').scrollIntoView({ block: 'nearest' })
  }
  repaint()
}

/** After a reload: the payment that was running, else the hold. */
async function restore() {
  const requestId = await remembered('payment')
  if (requestId !== null) return void finish({ requestId, message: '' })
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
  await finish({ message: answer.body.title, ...answer.body })
})

/** A completed purchase gives the slot back to the line; after a failed one the visitor may choose again. */
async function finish(payment) {
  if ((await watchPayment(payment)) === 'COMPLETED') return leave()
  $('once-more').hidden = passUntil === null
  $('choose').hidden = passUntil === null
  $('result').scrollIntoView({ block: 'nearest' })
}

/** The result as it comes. */
async function watchPayment({ requestId, message }) {
  sessionStorage.setItem(`payment ${scheduleId}`, requestId)
  $('choose').hidden = true
  $('result').hidden = false
  $('result').scrollIntoView({ block: 'nearest' })
  $('once-more').hidden = true
  showMessage('PENDING', message)
  $('cancel-payment').hidden = false
  $('cancel-payment').onclick = () => call('POST', `/payments/${requestId}/cancel`)
  let payment = { status: 'PENDING' }
  while (payment.status === 'PENDING') {
    await pause(700)
    payment = (await persist('GET', `/payments/${requestId}/status`, undefined, trouble)).body
  }
  $('cancel-payment').hidden = true
  const { body } = await persist('GET', `/payments/${requestId}/message`, undefined, trouble)
  const known = payment.status === 'FAILED' ? t.reasons[payment.reason] : undefined
  showMessage(payment.status, known === undefined ? body.message : t.failed(known))
  sessionStorage.removeItem(`payment ${scheduleId}`)
  sessionStorage.setItem(`result ${scheduleId}`, requestId)
  await showReservations($('reservations'))
  return payment.status
}

/** The payment this tab remembers under `name`, if it is this visitor's. */
async function remembered(name) {
  const requestId = sessionStorage.getItem(`${name} ${scheduleId}`)
  if (requestId === null) return null
  return (await call('GET', `/payments/${requestId}/status`)).ok ? requestId : null
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
  closeHouse()
  await persist('DELETE', `/queue?scheduleId=${scheduleId}`, undefined, trouble)
}

function refused({ status, body }) {
  if (status === 401 || status === 403) return passOver()
  notice(body.largestFit ? `${body.title} ${t.largestFit(number(body.largestFit))}` : body.title)
}

function passOver() {
  closeHouse()
  notice(t.passOver)
}

/** The visit is over: what is left is what was bought, and the way back to the line. */
function closeHouse() {
  news?.close()
  passUntil = null
  $('pass-time').textContent = ''
  $('house').className = 'narrow'
  for (const id of ['map', 'choose', 'held', 'leave', 'once-more']) $(id).hidden = true
  $('to-line').href = scheduleId ? `/booking/${scheduleId}` : '/'
  $('to-line').hidden = false
}

/** The page without a pass, as after a reload when all is paid: the last payment, and what was bought. */
async function outside() {
  closeHouse()
  const requestId = (await remembered('payment')) ?? (await remembered('result'))
  if (requestId !== null) return watchPayment({ requestId, message: '' })
  notice(t.visitOver)
  await showReservations($('reservations'))
}

function notice(text) {
  $('notice').hidden = text === ''
  $('notice').textContent = text
}

function trouble() {
  notice(t.offline)
}
