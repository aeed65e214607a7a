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

export function unpacker(source: Buffer): Unpacker {
  let at = 0
  const take = (length: number): number => {
    at += length
    return at - length
  }
  const bytesOf = (length: number): Buffer => {
    const start = take(length)
    return source.subarray(start, start + length)
  }
  const rawOf = (length: number): string => {
    const start = take(length)
    return source.toString('latin1', start, start + length)
  }
  const listOf = (length: number): Unpacked[] => {
    const list: Unpacked[] = []
    for (let i = 0; i < length; i++) list.push(read(false))
    return list
  }
  const lengthOf: Readonly<Record<number, () => number>> = {
    217: () => source.readUInt8(take(1)),
    218: () => source.readUInt16BE(take(2)),
    219: () => source.readUInt32BE(take(4)),
    220: () => source.readUInt16BE(take(2)),
    221: () => source.readUInt32BE(take(4)),
  }
  const single: Readonly<Record<number, () => Unpacked>> = {
    192: () => null,
    194: () => false,
    195: () => true,
    202: () => source.readFloatBE(take(4)),
    203: () => source.readDoubleBE(take(8)),
    204: () => source.readUInt8(take(1)),
    205: () => source.readUInt16BE(take(2)),
    206: () => source.readUInt32BE(take(4)),
    207: () => Number(source.readBigUInt64BE(take(8))),
    208: () => source.readInt8(take(1)),
    209: () => source.readInt16BE(take(2)),
    210: () => source.readInt32BE(take(4)),
    211: () => Number(source.readBigInt64BE(take(8))),
  }
  const read = (raw: boolean): Unpacked => {
    const head = source.readUInt8(take(1))
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head >= 0xa0 && head < 0xc0) return raw ? bytesOf(head & 31) : rawOf(head & 31)
    if (head >= 0x90 && head < 0xa0) return listOf(head & 15)
    if (head >= 0xd9 && head <= 0xdb) return raw ? bytesOf(lengthOf[head]!()) : rawOf(lengthOf[head]!())
    if (head === 0xdc || head === 0xdd) return listOf(lengthOf[head]!())
    const one = single[head]
    if (one === undefined) throw new TypeError(`0x${head.toString(16)} begins no value that is spoken here`)
    return one()
  }
  return {
    more: () => at < source.length,
    next: () => read(false),
    text: () => read(false) as string,
    number: () => read(false) as number,
    bytes: () => read(true) as Buffer,
    list: () => read(false) as Unpacked[],
  }
}
