// The part of MessagePack that scripts and we speak: integers and strings, arrays and booleans. Lua has it built in (cmsgpack),
// in C: nothing is cheaper to take apart there.

export type Packable = string | number | boolean | Buffer | readonly Packable[]
export type Unpacked = string | number | boolean | Buffer | null | Unpacked[]

/** Values one after the other, as `cmsgpack.unpack` gives them back. Numbers that are no integers travel as doubles. */
export function pack(...values: readonly Packable[]): Buffer {
  const size = values.reduce<number>((sum, value) => sum + sizeOf(value), 0)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const value of values) at = write(bytes, at, value)
  return bytes.subarray(0, at)
}

/** An upper bound. */
function sizeOf(value: Packable): number {
  if (typeof value === 'string') return 5 + value.length * 3
  if (Buffer.isBuffer(value)) return 5 + value.length
  if (typeof value === 'object') return value.reduce<number>((sum, one) => sum + sizeOf(one), 5)
  return 9
}

function write(bytes: Buffer, start: number, value: Packable): number {
  let at = start
  if (typeof value === 'number') return writeNumber(bytes, at, value)
  if (typeof value === 'boolean') return bytes.writeUInt8(value ? 0xc3 : 0xc2, at)
  if (typeof value === 'string') {
    const length = Buffer.byteLength(value)
    at = writeHead(bytes, at, length, { fix: 0xa0, below: 32, byte: 0xd9, short: 0xda, long: 0xdb })
    return at + bytes.write(value, at)
  }
  if (Buffer.isBuffer(value)) {
    at = writeHead(bytes, at, value.length, { fix: 0xa0, below: 32, byte: 0xd9, short: 0xda, long: 0xdb })
    return at + value.copy(bytes, at)
  }
  at = writeHead(bytes, at, value.length, { fix: 0x90, below: 16, short: 0xdc, long: 0xdd })
  for (const one of value) at = write(bytes, at, one)
  return at
}

function writeNumber(bytes: Buffer, at: number, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    if (value < 0x80) return bytes.writeUInt8(value, at)
    if (value < 0x10000) return bytes.writeUInt16BE(value, bytes.writeUInt8(0xcd, at))
    return bytes.writeUInt32BE(value, bytes.writeUInt8(0xce, at))
  }
  return bytes.writeDoubleBE(value, bytes.writeUInt8(0xcb, at))
}

interface Heads {
  readonly fix: number
  readonly below: number
  readonly byte?: number
  readonly short: number
  readonly long: number
}

function writeHead(bytes: Buffer, at: number, length: number, heads: Heads): number {
  if (length < heads.below) return bytes.writeUInt8(heads.fix | length, at)
  if (heads.byte !== undefined && length < 0x100) return bytes.writeUInt8(length, bytes.writeUInt8(heads.byte, at))
  if (length < 0x10000) return bytes.writeUInt16BE(length, bytes.writeUInt8(heads.short, at))
  return bytes.writeUInt32BE(length, bytes.writeUInt8(heads.long, at))
}

/** Takes values out of a reply, one after the other. */
export interface Unpacker {
  more(): boolean
  /** A string comes with one character for each of its bytes: `utf8` makes text of it, `bytesIn` bytes. */
  next(): Unpacked
  text(): string
  number(): number
  bytes(): Buffer
  list(): Unpacked[]
}

export const bytesIn = (raw: string): Buffer => Buffer.from(raw, 'latin1')

export const utf8 = (raw: string): string => bytesIn(raw).toString()

/** The `length` of what begins with such a head, and where it stands. */
const lengths: Readonly<Record<number, 1 | 2 | 4>> = { 217: 1, 218: 2, 219: 4, 220: 2, 221: 4 }

export const unpacker = (source: Buffer): Unpacker => new BufferUnpacker(source)

/** A class for speed: a whole map has some hundred values. */
class BufferUnpacker implements Unpacker {
  readonly #source: Buffer
  #at = 0

  constructor(source: Buffer) {
    this.#source = source
  }

  more(): boolean {
    return this.#at < this.#source.length
  }

  next(): Unpacked {
    const head = this.#source[this.#at++]!
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head < 0xa0) return this.#list(head & 15)
    if (head < 0xc0) return this.#raw(head & 31)
    if (head >= 0xcc) return head >= 0xd9 ? this.#sized(head) : this.#number(head)
    return this.#single(head)
  }

  text(): string {
    return this.next() as string
  }

  number(): number {
    return this.next() as number
  }

  list(): Unpacked[] {
    return this.next() as Unpacked[]
  }

  bytes(): Buffer {
    const head = this.#source[this.#at++]!
    const length = head >= 0xa0 && head < 0xc0 ? head & 31 : this.#length(head)
    this.#at += length
    return this.#source.subarray(this.#at - length, this.#at)
  }

  #sized(head: number): Unpacked {
    const length = this.#length(head)
    return head >= 0xdc ? this.#list(length) : this.#raw(length)
  }

  #raw(length: number): string {
    this.#at += length
    return this.#source.toString('latin1', this.#at - length, this.#at)
  }

  #list(length: number): Unpacked[] {
    const list: Unpacked[] = []
    for (let i = 0; i < length; i++) list.push(this.next())
    return list
  }

  #length(head: number): number {
    const size = lengths[head]
    if (size === undefined) throw unknown(head)
    this.#at += size
    return this.#source.readUIntBE(this.#at - size, size)
  }

  #number(head: number): number {
    // 1, 2, 4 or 8 bytes, without a sign and with one.
    const size = 1 << (head & 3)
    this.#at += size
    const at = this.#at - size
    const isSigned = head >= 0xd0
    if (size < 8) return isSigned ? this.#source.readIntBE(at, size) : this.#source.readUIntBE(at, size)
    const high = isSigned ? this.#source.readInt32BE(at) : this.#source.readUInt32BE(at)
    return high * 4_294_967_296 + this.#source.readUInt32BE(at + 4)
  }

  #single(head: number): Unpacked {
    if (head === 0xc0) return null
    if (head === 0xc2 || head === 0xc3) return head === 0xc3
    const size = head === 0xca ? 4 : 8
    if (size === 8 && head !== 0xcb) throw unknown(head)
    this.#at += size
    return size === 4 ? this.#source.readFloatBE(this.#at - 4) : this.#source.readDoubleBE(this.#at - 8)
  }
}

const unknown = (head: number): TypeError => new TypeError(`0x${head.toString(16)} begins no value that is spoken here`)
