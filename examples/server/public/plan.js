import { pressable, svg } from './dom.js'
import { number, sectionName, t } from './text.js'

/** So few seats are a mark of their own beside a section: the places for wheelchairs. */
const few = 40

/** How large the mark of each section may be without covering another; a small section leaves room to a large neighbour. */
function radii(sections) {
  return sections.map((one) => {
    let radius = Number.POSITIVE_INFINITY
    for (const other of sections) {
      const distance = Math.hypot(one.x - other.x, one.y - other.y)
      if (other !== one && distance > 0) radius = Math.min(radius, distance * share(one, other))
    }
    return radius === Number.POSITIVE_INFINITY ? 10 : Math.max(2, radius)
  })
}

/** Of the distance between two marks: what the first may take. */
function share(one, other) {
  if (one.capacity < few === other.capacity < few) return 0.48
  return one.capacity < few ? 0.36 : 0.6
}

/** What fits into a mark: the number of the section, a wheelchair, or what its name begins with. */
function shortName({ id, label, grade }) {
  if (grade.startsWith('wheelchair-')) return '♿'
  return [label, id].find((name) => name.length <= 4) ?? id.slice(0, 4)
}

/**
 * The whole stadium: a mark per section where the venue says it stands, in the colour of its grade, filling up as it sells.
 * `update()` repaints what is left.
 */
export function drawPlan({ venue, colors, available, onChoose }) {
  const { sections } = venue
  const sizes = radii(sections)
  const box = bounds(sections, sizes)
  const drawing = svg('svg', { viewBox: box.join(' '), class: 'plan', role: 'group', 'aria-label': t.plan })
  drawing.append(field())
  const marks = sections.map((section, i) => {
    const { x, y } = section
    const disc = svg('circle', { cx: x, cy: -y, r: sizes[i], fill: colors.get(section.grade) ?? '#888' })
    const name = shortName(section)
    const label = svg('text', { x, y: -y, 'font-size': Math.min(sizes[i] * 1.1, (sizes[i] * 2.7) / name.length, 7) })
    label.textContent = name
    const mark = svg('g', { class: 'mark' }, disc, label)
    drawing.append(pressable(mark, sectionName(section), () => onChoose(section)))
    return { section, mark, disc }
  })
  const update = () => {
    for (const { section, mark, disc } of marks) {
      const free = available(section)
      disc.setAttribute('fill-opacity', free === 0 ? 0.12 : 0.35 + (0.65 * free) / section.capacity)
      mark.classList.toggle('sold-out', free === 0)
      mark.setAttribute('aria-label', `${sectionName(section)}: ${t.left_(number(free), number(section.capacity))}`)
    }
  }
  update()
  return { drawing, update }
}

function bounds(sections, sizes) {
  const left = Math.min(...sections.map(({ x }, i) => x - sizes[i])) - 4
  const right = Math.max(...sections.map(({ x }, i) => x + sizes[i])) + 4
  const top = Math.min(...sections.map(({ y }, i) => -y - sizes[i])) - 4
  const bottom = Math.max(...sections.map(({ y }, i) => -y + sizes[i])) + 4
  return [left, top, right - left, bottom - top]
}

/** The playing field: home plate at the origin, the outfield upwards. */
function field() {
  const grass = svg('path', { d: 'M0 4 L-74 -70 A104 104 0 0 1 74 -70 Z', class: 'grass' })
  const diamond = svg('path', { d: 'M0 0 L-19.4 -19.4 L0 -38.8 L19.4 -19.4 Z', class: 'diamond' })
  return svg('g', { 'aria-hidden': 'true' }, grass, diamond)
}

const seatRem = 1.3

/** One section: its rows as a spectator sees them, the field at the top. */
export function drawSection({ section, code, isMine, isPicked, onPress }) {
  const seats = section.rows.flatMap((row) => row.seats.map((seat) => ({ ...seat, row })))
  const xs = seats.map(({ x }) => x)
  const ys = seats.map(({ y }) => y)
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)]
  const box = [left - 2.5, top - 2, right - left + 4, bottom - top + 3.2]
  const drawing = svg('svg', {
    viewBox: box.join(' '),
    class: 'section',
    role: 'group',
    'aria-label': sectionName(section),
  })
  // A seat is never smaller than a finger can hit; what does not fit is scrolled.
  drawing.style.minWidth = `${box[2] * seatRem}rem`
  drawing.append(svg('path', { d: `M${left - 0.5} ${top - 1.2} H${right + 0.5}`, class: 'field-side' }))
  for (const row of section.rows) {
    const first = row.seats[0]
    if (first === undefined) continue
    const label = svg('text', { x: left - 1.3, y: first.y, 'font-size': 0.55, class: 'row-label' })
    label.textContent = row.label
    drawing.append(label)
  }
  const marks = seats.map((seat, index) => {
    const mark = svg('rect', { x: seat.x - 0.42, y: seat.y - 0.42, width: 0.84, height: 0.84, rx: 0.22 })
    pressable(mark, '', () => onPress(seat, index))
    drawing.append(mark)
    return { seat, index, mark }
  })
  const update = () => {
    for (const { seat, index, mark } of marks) {
      const name = ['available', 'reserved', 'completed', 'blocked'][code(index)]
      const mine = isMine(seat)
      const picked = isPicked(seat)
      mark.setAttribute(
        'class',
        `seat ${mine ? 'mine' : picked ? 'picked' : name}${seat.accessible ? ' accessible' : ''}`,
      )
      mark.setAttribute('aria-pressed', picked)
      const state = mine ? t.state.MINE : t.state[name.toUpperCase()]
      const extra = seat.accessible ? `, ${t.accessible}` : ''
      mark.setAttribute('aria-label', `${t.seat(sectionName(section), seat.row.label, seat.label)}${extra}: ${state}`)
    }
  }
  update()
  return { drawing, update }
}
