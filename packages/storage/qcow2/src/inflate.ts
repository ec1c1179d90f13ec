// Hot code: a compressed image is read through here. Benchmark: test/qemu-bench.ts.
/**
 * DEFLATE (RFC 1951) into a buffer of known length, as compressed clusters need it: it stops when the buffer is full,
 * so what a hostile stream would grow to does not matter, and each step consumes input, so it ends.
 */

const MAX_CODE_LENGTH = 15;
const END_OF_BLOCK = 256;
/** Order of the code lengths of code lengths (3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Base and extra bits of the length codes from 257 on, and of the distance codes (3.2.5). */
const lengthBases = (): { readonly base: Uint16Array; readonly extra: Uint8Array } => {
  const base = new Uint16Array(32);
  const extra = new Uint8Array(32);
  for (let code = 0, next = 3; code < 28; code++) {
    extra[code] = code < 8 ? 0 : (code >> 2) - 1;
    base[code] = next;
    next += 1 << (extra[code] ?? 0);
  }
  // The one exception: the longest match has a code of its own.
  base[28] = 258;
  return { base, extra };
};

const distanceBases = (): { readonly base: Uint16Array; readonly extra: Uint8Array } => {
  const base = new Uint16Array(32);
  const extra = new Uint8Array(32);
  for (let code = 0, next = 1; code < 30; code++) {
    extra[code] = code < 4 ? 0 : (code >> 1) - 1;
    base[code] = next;
    next += 1 << (extra[code] ?? 0);
  }
  return { base, extra };
};

const LENGTHS = lengthBases();
const DISTANCES = distanceBases();

/** A prefix code: by the next `bits` bits of input, `symbol << 4 | length`; 0 where no code is. */
interface PrefixCode {
  readonly bits: number;
  readonly table: Uint16Array;
}

/** The canonical code of 3.2.2; undefined when there are more codes than fit. */
const prefixCode = (lengths: Uint8Array): PrefixCode | undefined => {
  const count = new Uint16Array(MAX_CODE_LENGTH + 1);
  let bits = 1;
  for (const length of lengths) {
    if (length === 0) continue;
    count[length] = (count[length] ?? 0) + 1;
    if (length > bits) bits = length;
  }
  const next = new Uint16Array(MAX_CODE_LENGTH + 2);
  let code = 0;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    next[length] = code;
    code += count[length] ?? 0;
    if (code > 1 << length) return undefined;
    code <<= 1;
  }
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    // Codes come with their first bit first, numbers with their last.
    let reversed = 0;
    let value = next[length] ?? 0;
    next[length] = value + 1;
    for (let bit = 0; bit < length; bit++) {
      reversed = (reversed << 1) | (value & 1);
      value >>= 1;
    }
    const entry = (symbol << 4) | length;
    for (let index = reversed; index < table.length; index += 1 << length) table[index] = entry;
  }
  return { bits, table };
};

/** The codes of 3.2.6. Made anew for each use: such blocks are short and rare. */
const fixedCodes = (): readonly [PrefixCode | undefined, PrefixCode | undefined] => {
  const literals = new Uint8Array(288).fill(8);
  literals.fill(9, 144, 256);
  literals.fill(7, 256, 280);
  return [prefixCode(literals), prefixCode(new Uint8Array(30).fill(5))];
};

class Inflater {
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  /** Bytes of input taken into `#window`. */
  #taken = 0;
  /** Bits that were taken and not consumed, the next one lowest. */
  #window = 0;
  #bits = 0;
  #filled = 0;

  constructor(input: Uint8Array, output: Uint8Array) {
    this.#input = input;
    this.#output = output;
  }

  run(): boolean {
    for (let last = 0; last === 0 && this.#filled < this.#output.length; ) {
      last = this.#take(1);
      const kind = this.#take(2);
      if (last < 0 || kind < 0) return false;
      if (kind === 0 ? !this.#stored() : !this.#compressed(kind)) return false;
    }
    return this.#filled === this.#output.length;
  }

  /** The next `count` bits, at most 16; -1 when there are not that many. */
  #take(count: number): number {
    while (this.#bits < count) {
      if (this.#taken >= this.#input.length) return -1;
      this.#window |= (this.#input[this.#taken++] ?? 0) << this.#bits;
      this.#bits += 8;
    }
    const value = this.#window & ((1 << count) - 1);
    this.#window >>>= count;
    this.#bits -= count;
    return value;
  }

  /** The next symbol of `code`; -1 when there is none. */
  #symbol({ bits, table }: PrefixCode): number {
    while (this.#bits < bits && this.#taken < this.#input.length) {
      this.#window |= (this.#input[this.#taken++] ?? 0) << this.#bits;
      this.#bits += 8;
    }
    const entry = table[this.#window & ((1 << bits) - 1)] ?? 0;
    const length = entry & 15;
    if (length === 0 || length > this.#bits) return -1;
    this.#window >>>= length;
    this.#bits -= length;
    return entry >> 4;
  }

  #stored(): boolean {
    // What is left of the byte is skipped; whole bytes that were taken are given back.
    this.#taken -= this.#bits >> 3;
    this.#window = 0;
    this.#bits = 0;
    const length = this.#take(16);
    const complement = this.#take(16);
    if (length < 0 || complement !== (~length & 0xffff)) return false;
    const wanted = Math.min(length, this.#output.length - this.#filled);
    const bytes = this.#input.subarray(this.#taken, this.#taken + wanted);
    if (bytes.length < wanted) return false;
    this.#output.set(bytes, this.#filled);
    this.#filled += wanted;
    this.#taken += wanted;
    return true;
  }

  #compressed(kind: number): boolean {
    const [literals, distances] = kind === 1 ? fixedCodes() : kind === 2 ? this.#dynamicCodes() : [];
    return literals !== undefined && distances !== undefined && this.#block(literals, distances);
  }

  /** 3.2.7. */
  #dynamicCodes(): readonly [PrefixCode | undefined, PrefixCode | undefined] {
    const none = [undefined, undefined] as const;
    const literalCount = this.#take(5) + 257;
    const distanceCount = this.#take(5) + 1;
    const lengthCount = this.#take(4) + 4;
    if (lengthCount < 4 || literalCount > 286) return none;
    const lengthLengths = new Uint8Array(19);
    for (let index = 0; index < lengthCount; index++) {
      const length = this.#take(3);
      if (length < 0) return none;
      lengthLengths[LENGTH_ORDER[index] ?? 0] = length;
    }
    const code = prefixCode(lengthLengths);
    if (code === undefined) return none;
    const lengths = new Uint8Array(literalCount + distanceCount);
    for (let index = 0; index < lengths.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 0) return none;
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) return none;
      const value = symbol === 16 ? (lengths[index - 1] ?? 0) : 0;
      const repeat = symbol === 16 ? this.#take(2) + 3 : symbol === 17 ? this.#take(3) + 3 : this.#take(7) + 11;
      // Without input `#take` gives -1, which is one less than the least.
      if (repeat < (symbol === 18 ? 11 : 3) || index + repeat > lengths.length) return none;
      lengths.fill(value, index, index + repeat);
      index += repeat;
    }
    return [prefixCode(lengths.subarray(0, literalCount)), prefixCode(lengths.subarray(literalCount))];
  }

  #block(literals: PrefixCode, distances: PrefixCode): boolean {
    const output = this.#output;
    while (this.#filled < output.length) {
      const symbol = this.#symbol(literals);
      if (symbol < END_OF_BLOCK) {
        if (symbol < 0) return false;
        output[this.#filled++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) return true;
      const extraLength = this.#take(LENGTHS.extra[symbol - 257] ?? 0);
      const base = LENGTHS.base[symbol - 257] ?? 0;
      if (extraLength < 0 || base === 0) return false;
      const distanceSymbol = this.#symbol(distances);
      if (distanceSymbol < 0) return false;
      const extraDistance = this.#take(DISTANCES.extra[distanceSymbol] ?? 0);
      const distanceBase = DISTANCES.base[distanceSymbol] ?? 0;
      const distance = distanceBase + extraDistance;
      if (extraDistance < 0 || distanceBase === 0 || distance > this.#filled) return false;
      this.#copy(distance, Math.min(base + extraLength, output.length - this.#filled));
    }
    return true;
  }

  #copy(distance: number, length: number): void {
    const output = this.#output;
    const end = this.#filled + length;
    if (distance >= length && length > 32) output.copyWithin(this.#filled, this.#filled - distance, end - distance);
    else for (let at = this.#filled; at < end; at++) output[at] = output[at - distance] ?? 0;
    this.#filled = end;
  }
}

/** Fills `output` with what `input` inflates to; false when it is not DEFLATE, or not enough. */
export const inflateInto = (input: Uint8Array, output: Uint8Array): boolean => new Inflater(input, output).run();
