import { call, now, pause, persist } from './api.js'
import { $, element } from './dom.js'
import { locale, number, setTexts, t } from './text.js'

const scheduleId = location.pathname.split('/')[2]
const query = `?scheduleId=${encodeURIComponent(scheduleId)}`
let furthest = 0
let newest = -1

setTexts()
$('headline').textContent = t.joining
$('hint').textContent = t.stay
$('again').textContent = t.again
$('leave').textContent = t.leave
$('again').addEventListener('click', () => location.reload())
$('leave').addEventListener('click', leave)
const { body: sale } = await persist('GET', `/schedules/${scheduleId}`, undefined, trouble)
$('sale').textContent = sale.name ?? ''
await wait()

/** Joins (Q1), then asks as often as it is told to, until it may go on (Q9). */
async function wait() {
  let answer = await persist('POST', '/queue', { scheduleId }, trouble)
  for (;;) {
    if (!answer.ok) return stop(answer.body.title)
    show(answer.body)
    if (answer.body.state === 'admitted') return enter(answer.body.redirectUrl)
    if (['expired', 'left', 'ended'].includes(answer.body.state)) return stop()
    await pause(answer.body.nextPollMs)
    answer = await persist('GET', `/queue/status${query}`, undefined, trouble)
    const lost = answer.status === 401 || answer.status === 410
    if (lost) answer = await persist('POST', '/queue', { scheduleId }, trouble)
  }
}

function enter(redirectUrl) {
  $('progress').hidden = true
  location.assign(`${redirectUrl}${query}`)
}

function show(status) {
  if (status.documentVersion < newest) return
  newest = status.documentVersion
  const { state, ahead, eta } = status
  $('headline').textContent = t.headline[state]
  $('hint').textContent =
    sale.opensAt && Date.parse(sale.opensAt) > now() ? t.opens(new Date(sale.opensAt).toLocaleString(locale)) : t.stay
  $('leave').hidden = state === 'admitted'
  showAhead(state === 'waiting' || state === 'paused' ? ahead : null)
  const facts = []
  if (status.number !== null) facts.push([t.number, number(status.number)])
  if (status.group !== null) facts.push([t.group, number(status.group)])
  if (status.currentGroup !== null) facts.push([t.currentGroup, number(status.currentGroup)])
  if (state === 'waiting') facts.push([t.eta, eta ? range(eta) : t.unknown])
  $('facts').replaceChildren(
    ...facts.map(([name, value]) =>
      element('div', {}, element('dt', { textContent: name }), element('dd', { textContent: value })),
    ),
  )
}

function showAhead(ahead) {
  $('ahead').hidden = ahead === null
  $('progress').hidden = ahead === null
  if (ahead === null) return
  furthest = Math.max(furthest, ahead + 1)
  $('ahead').textContent = t.ahead(ahead === 0 ? 0 : number(ahead))
  $('progress').value = 1 - ahead / furthest
}

/** Declared, not assigned: the loop above runs before the lines below it do. */
function range({ lowSeconds, highSeconds }) {
  return t.minutes(Math.max(1, Math.round(lowSeconds / 60)), highSeconds < 60 ? 0 : Math.ceil(highSeconds / 60))
}

async function leave() {
  await call('DELETE', `/queue${query}`)
  stop(t.left)
}

function stop(message) {
  if (message) $('headline').textContent = message
  for (const id of ['ahead', 'progress', 'leave']) $(id).hidden = true
  $('facts').replaceChildren()
  $('hint').textContent = ''
  $('again').hidden = false
}

function trouble() {
  $('hint').textContent = t.offline
}
