/** The state of every seat, from the packed map and its deltas. */

export const codes = ['AVAILABLE', 'RESERVED', 'COMPLETED', 'BLOCKED']

export class SeatMap {
  #bytes = new Map()
  version = 0

  constructor({ version, sections }) {
    this.version = version
    for (const [id, text] of Object.entries(sections)) {
      this.#bytes.set(
        id,
        Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
      )
    }
  }

  /** Code of seat `index` of a section, in the order of the venue. */
  code(section, index) {
    return ((this.#bytes.get(section)?.[index >> 2] ?? 0) >> ((index & 3) * 2)) & 3
  }

  available(section, count) {
    let free = 0
    for (let index = 0; index < count; index++) if (this.code(section, index) === 0) free++
    return free
  }

  /** False when deltas are missing between: read the map again. */
  apply({ from, version, changes }) {
    if (from > this.version) return false
    for (const [section, index, code] of changes) this.#set(section, index, code)
    this.version = Math.max(this.version, version)
    return true
  }

  #set(section, index, code) {
    let bytes = this.#bytes.get(section) ?? new Uint8Array()
    if (index >> 2 >= bytes.length) {
      const longer = new Uint8Array((index >> 2) + 1)
      longer.set(bytes)
      bytes = longer
    }
    const shift = (index & 3) * 2
    bytes[index >> 2] = (bytes[index >> 2] & ~(3 << shift)) | (code << shift)
    this.#bytes.set(section, bytes)
  }
}
