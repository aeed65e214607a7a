const svgSpace = 'http://www.w3.org/2000/svg'

/** The element with this id. */
export const $ = (id) => document.getElementById(id)

/** A new element. Text goes in as text, never as markup. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name)
  Object.assign(made, properties)
  made.append(...children)
  return made
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgSpace, name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/** Makes a drawn thing a button for mouse, touch and keyboard. */
export function pressable(drawn, label, onPress) {
  drawn.setAttribute('role', 'button')
  drawn.setAttribute('tabindex', '0')
  drawn.setAttribute('aria-label', label)
  drawn.addEventListener('click', onPress)
  drawn.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    onPress()
  })
  return drawn
}
