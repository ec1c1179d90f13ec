import type { CompressedRow, EncodingField } from '@vivarium/isa-riscv';
import type { Candidate, Group } from './catalogue.ts';
import { type Encoder, encodeFields } from './encoder.ts';
import { Random, seedOf } from './random.ts';
import { type Sequence, type Slot, SPARE_OFFSET, WINDOW_BYTES } from './sequence.ts';
import { floatValue, integerValue } from './values.ts';

const SP = 2;
const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;
const DYNAMIC = 7;
const MINIMUM_LENGTH = 4;
const MAXIMUM_LENGTH = 16;
/** Instructions drawn before a sequence is left shorter than planned. */
const ATTEMPTS_PER_SLOT = 8;

interface RegisterRange {
  readonly from: number;
  readonly to: number;
}
const ANY: RegisterRange = { from: 0, to: 31 };
/** What three-bit register fields can name. */
const COMPRESSED: RegisterRange = { from: 8, to: 15 };

type FieldValues = Record<string, number>;

/** Draws one sequence. Nothing in it traps: addresses stay in the window, rounding modes are valid, jumps go forward. */
class SequenceBuilder {
  readonly #random: Random;
  readonly #encoder: Encoder;
  readonly #pointer: number;
  readonly #initialBases = new Map<number, number>();
  /** Registers that still point into the window wherever the sequence is entered from here on. */
  readonly #bases: Map<number, number>;
  readonly #favourites: readonly number[];
  readonly #slots: Slot[] = [];
  readonly #length: number;
  /** `frm` holds a valid mode on every path. */
  #dynamicRounding = true;
  /** A load-reserved may have left a reservation. */
  #reserved = false;

  constructor(random: Random, encoder: Encoder) {
    this.#random = random;
    this.#encoder = encoder;
    this.#length = MINIMUM_LENGTH + random.below(MAXIMUM_LENGTH - MINIMUM_LENGTH + 1);
    const free = new Set(Array.from({ length: 31 }, (_, index) => index + 1));
    const reserve = (candidates: readonly number[]): number => {
      const register = random.pick(candidates.filter((candidate) => free.has(candidate)));
      free.delete(register);
      return register;
    };
    const registers = [...free];
    const base = (candidates: readonly number[], offset: number): void => {
      this.#initialBases.set(reserve(candidates), offset);
    };
    base([SP], 8 * random.below(8));
    base([8, 9, 10, 11, 12, 13, 14, 15], 8 * random.below(12));
    base(registers, random.below(WINDOW_BYTES - 8));
    this.#bases = new Map(this.#initialBases);
    this.#pointer = reserve(registers.filter((register) => register > SP));
    this.#favourites = Array.from({ length: 5 }, () => random.pick([...free]));
  }

  build(index: number, groups: readonly Group[]): Sequence {
    const random = this.#random;
    const total = groups.reduce((sum, group) => sum + group.weight, 0);
    for (let attempt = 0; attempt < this.#length * ATTEMPTS_PER_SLOT && this.#slots.length < this.#length; attempt++) {
      let ticket = random.below(total);
      const group = groups.find((candidate) => {
        ticket -= candidate.weight;
        return ticket < 0;
      }) as Group;
      this.#slots.push(...this.#draw(random.pick(group.candidates)));
    }
    return {
      index,
      slots: this.#slots,
      x: Array.from({ length: 32 }, () => integerValue(random)),
      f: Array.from({ length: 32 }, () => floatValue(random)),
      fcsr: random.below(32) | (random.below(5) << 5),
      pointer: this.#pointer,
      bases: this.#initialBases,
      window: Uint8Array.from({ length: WINDOW_BYTES }, () => random.word()),
    };
  }

  /** The slots of one instruction; none when it cannot be had here. */
  #draw(candidate: Candidate): readonly Slot[] {
    const { treatment } = candidate;
    switch (treatment.kind) {
      case 'branch':
      case 'jump':
        return this.#forward(candidate);
      case 'indirect-jump':
        return this.#indirect(candidate);
      case 'memory':
        return candidate.compressed === undefined
          ? this.#memory(candidate, treatment.bytes)
          : this.#compressedMemory(candidate.compressed, treatment.bytes);
      case 'atomic':
        return this.#atBase(candidate, treatment.bytes);
      case 'load-reserved':
        return this.#reservation(candidate, treatment.bytes);
      case 'store-conditional':
        // Alone it fails: there is no reservation on this window.
        return this.#reserved ? [] : this.#atBase(candidate, treatment.bytes);
      case 'cache-block':
        return this.#atBase(candidate, 1);
      case 'csr':
        return this.#csr(candidate);
      case 'illegal':
        return this.#illegal(candidate);
      case 'plain': {
        const fields = this.#fields(candidate);
        if (fields === undefined) return [];
        const slot = this.#fixed(candidate, fields);
        return [candidate.name.startsWith('fround') ? this.#kept(slot, fields['rd'] ?? 0) : slot];
      }
    }
  }

  /**
   * QEMU 10.0 declares the helpers of fround and froundnx free of side effects: when nothing reads the result before it
   * is overwritten, they are not called and their flags are lost. So the result is stored at once, where it is compared.
   */
  #kept(slot: Slot, register: number): Slot {
    const fields = { rs1: this.#pointer, rs2: register, imm: SPARE_OFFSET };
    const store = { name: 'fsd', size: 4 as const, word: this.#encoder.encode('fsd', fields) };
    return { size: slot.size + 4, emit: (address, targets) => [...slot.emit(address, targets), store] };
  }

  #fixed(candidate: Candidate, fields: FieldValues): Slot {
    const size = candidate.compressed === undefined ? 4 : 2;
    return { size, emit: () => [{ name: candidate.name, size, word: this.#encode(candidate, fields) }] };
  }

  #encode(candidate: Candidate, fields: FieldValues): number {
    const layout = candidate.compressed?.layout ?? candidate.row.layout;
    return encodeFields(layout, fields);
  }

  /** A later slot, or the end. */
  #target(): number {
    const here = this.#slots.length;
    return here + 1 + this.#random.below(Math.max(1, this.#length - here));
  }

  #forward(candidate: Candidate): readonly Slot[] {
    const fields = this.#fields(candidate);
    if (fields === undefined) return [];
    const size = candidate.compressed === undefined ? 4 : 2;
    const target = this.#target();
    return [
      {
        size,
        emit: (address, targets) => {
          const imm = targets[Math.min(target, targets.length - 1)] - address;
          return [{ name: candidate.name, size, word: this.#encode(candidate, { ...fields, imm }) }];
        },
      },
    ];
  }

  /** auipc (and addi for the compressed forms) makes the address; bit 0 of it must not matter. */
  #indirect(candidate: Candidate): readonly Slot[] {
    const through = this.#destination(ANY, [0]);
    if (through === undefined) return [];
    const fields = this.#fields(candidate);
    if (fields === undefined) return [];
    const target = this.#target();
    const odd = this.#random.below(2);
    const auipc = { name: 'auipc', size: 4 as const, word: this.#encoder.encode('auipc', { rd: through }) };
    const isCompressed = candidate.compressed !== undefined;
    return [
      {
        size: isCompressed ? 10 : 8,
        emit: (address, targets) => {
          const imm = targets[Math.min(target, targets.length - 1)] - address + odd;
          const jump = this.#encode(candidate, { ...fields, rs1: through, imm });
          if (!isCompressed) return [auipc, { name: candidate.name, size: 4, word: jump }];
          const addi = this.#encoder.encode('addi', { rd: through, rs1: through, imm });
          return [auipc, { name: 'addi', size: 4, word: addi }, { name: candidate.name, size: 2, word: jump }];
        },
      },
    ];
  }

  #memory(candidate: Candidate, bytes: number): readonly Slot[] {
    const base = this.#base(ANY, 1);
    if (base === undefined) return [];
    const place = this.#random.below(WINDOW_BYTES - bytes + 1);
    const fields = this.#fields(candidate);
    return fields === undefined
      ? []
      : [this.#fixed(candidate, { ...fields, rs1: base.register, imm: place - base.offset })];
  }

  #compressedMemory(row: CompressedRow, bytes: number): readonly Slot[] {
    const onStack = row.operands.includes('imm(sp)');
    const base = this.#base(onStack ? { from: SP, to: SP } : COMPRESSED, 1);
    if (base === undefined) return [];
    const mask = fieldMask(row.layout.fields, row.immediateName);
    let immediate = this.#random.word() & mask;
    while (base.offset + immediate + bytes > WINDOW_BYTES) immediate = this.#random.below(immediate) & mask;
    const candidate: Candidate = {
      name: row.name,
      extension: row.extension,
      treatment: { kind: 'plain' },
      row: this.#encoder.row(row.expansion.instruction),
      compressed: row,
    };
    const fields = this.#fields(candidate);
    if (fields === undefined) return [];
    return [
      this.#fixed(candidate, { ...fields, "rs1'": base.register - COMPRESSED.from, [row.immediateName]: immediate }),
    ];
  }

  #atBase(candidate: Candidate, alignment: number): readonly Slot[] {
    const base = this.#base(ANY, alignment);
    if (base === undefined) return [];
    const fields = this.#fields(candidate);
    return fields === undefined ? [] : [this.#fixed(candidate, { ...fields, rs1: base.register })];
  }

  /**
   * lr, then often sc at the same address, sometimes elsewhere. Both stand in one slot: whether a store between them
   * breaks the reservation is left open by the manual, so nothing may come or jump between.
   */
  #reservation(candidate: Candidate, bytes: number): readonly Slot[] {
    const base = this.#base(ANY, bytes);
    if (base === undefined) return [];
    const load = this.#fields(candidate);
    if (load === undefined || load['rd'] === base.register) return [];
    const first = this.#fixed(candidate, { ...load, rs1: base.register });
    if (this.#random.oneIn(4)) {
      this.#reserved = true;
      return [first];
    }
    const name = bytes === 4 ? 'sc.w' : 'sc.d';
    const conditional: Candidate = { ...candidate, name, row: this.#encoder.row(name) };
    const other = this.#random.oneIn(4) ? this.#base(ANY, bytes) : undefined;
    const place = other !== undefined && Math.abs(other.offset - base.offset) >= 64 ? other : base;
    const store = this.#fields(conditional);
    if (store === undefined || load['rd'] === place.register) return [];
    const second = this.#fixed(conditional, { ...store, rs1: place.register });
    return [
      {
        size: first.size + second.size,
        emit: (address, targets) => [...first.emit(address, targets), ...second.emit(address, targets)],
      },
    ];
  }

  /** The floating-point CSRs; they are the only ones that both worlds must agree on. */
  #csr(candidate: Candidate): readonly Slot[] {
    const random = this.#random;
    const fields = this.#fields(candidate);
    if (fields === undefined) return [];
    const csr = random.pick([FFLAGS, FRM, FCSR]);
    let uimm = random.below(32);
    if (candidate.name === 'csrrwi' && csr === FRM) uimm = random.below(5);
    const keepsModeValid =
      csr === FFLAGS ||
      (candidate.name === 'csrrwi' && (csr === FRM || csr === FCSR)) ||
      candidate.name === 'csrrci' ||
      (candidate.name === 'csrrsi' && csr === FCSR);
    if (!keepsModeValid) this.#dynamicRounding = false;
    return [this.#fixed(candidate, { ...fields, csr, uimm })];
  }

  /** Any bits, or those of an instruction with one or two changed, that decode to nothing. */
  #illegal({ name, row }: Candidate): readonly Slot[] {
    const random = this.#random;
    let word = random.word();
    if (random.oneIn(2)) word = (row.match | (word & ~row.mask)) ^ (1 << random.below(32)) ^ (1 << random.below(32));
    const size = (word & 3) === 3 ? 4 : 2;
    const bits = size === 4 ? word >>> 0 : word & 0xffff;
    return this.#encoder.isLegal(bits) || isWholeVectorAccess(word)
      ? []
      : [{ size, emit: () => [{ name, size, word: bits }] }];
  }

  /** Random operands in every field; undefined when a register that must stay would be overwritten. */
  #fields(candidate: Candidate): FieldValues | undefined {
    const { compressed, row } = candidate;
    const layout = compressed?.layout ?? row.layout;
    const fields: FieldValues = {};
    for (const field of layout.fields) {
      if (fields[field.name] !== undefined) continue;
      const value = this.#field(candidate, field);
      if (value === undefined) return undefined;
      fields[field.name] = value;
    }
    if (compressed !== undefined && typeof compressed.expansion.rd === 'number' && compressed.expansion.rd !== 0) {
      if (row.registers.rd === 'x' && !this.#mayWrite(compressed.expansion.rd)) return undefined;
      this.#bases.delete(compressed.expansion.rd);
    }
    return fields;
  }

  #field(candidate: Candidate, field: EncodingField): number | undefined {
    const random = this.#random;
    const { compressed, row } = candidate;
    const name = field.name.replace("'", '');
    const short = field.name.endsWith("'");
    const range = short ? COMPRESSED : ANY;
    const shift = range.from;
    switch (name) {
      case 'rd': {
        if (row.registers.rd === 'f') return this.#any(range, field.excluded) - shift;
        const register = this.#destination(range, field.excluded);
        return register === undefined ? undefined : register - shift;
      }
      case 'rs1':
      case 'rs2':
      case 'rs3':
        return this.#any(range, field.excluded) - shift;
      case 'rm':
        return this.#dynamicRounding && random.oneIn(2) ? DYNAMIC : random.below(5);
      default: {
        const mask = fieldMask(compressed?.layout.fields ?? row.layout.fields, field.name);
        const value = (random.oneIn(4) ? random.pick([0, 1, -1]) : random.word()) & mask;
        return value === 0 && name.startsWith('nz') ? mask & -mask : value;
      }
    }
  }

  /** A source register: often one of a few, so that instructions depend on each other. */
  #any(range: RegisterRange, excluded: readonly number[]): number {
    const random = this.#random;
    for (;;) {
      const register = random.oneIn(2)
        ? random.pick(this.#favourites)
        : range.from + random.below(range.to - range.from + 1);
      if (register >= range.from && register <= range.to && !excluded.includes(register)) return register;
    }
  }

  #mayWrite(register: number): boolean {
    return register !== this.#pointer && (!this.#bases.has(register) || this.#random.oneIn(4));
  }

  #destination(range: RegisterRange, excluded: readonly number[]): number | undefined {
    const register = this.#any(range, excluded);
    if (!this.#mayWrite(register)) return undefined;
    this.#bases.delete(register);
    return register;
  }

  #base(range: RegisterRange, alignment: number): { readonly register: number; readonly offset: number } | undefined {
    const usable = [...this.#bases].filter(
      ([register, offset]) => register >= range.from && register <= range.to && offset % alignment === 0,
    );
    if (usable.length === 0) return undefined;
    const [register, offset] = this.#random.pick(usable);
    return { register, offset };
  }
}

/** vl<n>re.v and vs<n>r.v: QEMU 10.0 executes them on processors without V. */
const isWholeVectorAccess = (word: number): boolean => (word & 0x1ff0_005f) === 0x0280_0007;

/** Bits that an operand can have. */
const fieldMask = (fields: readonly EncodingField[], name: string): number => {
  let mask = 0;
  for (const field of fields) {
    if (field.name === name) for (const bit of field.bits) mask |= 2 ** bit;
  }
  return mask;
};

/** Sequence `index` of the run with `seed`. */
export const generateSequence = (seed: number, index: number, groups: readonly Group[], encoder: Encoder): Sequence =>
  new SequenceBuilder(new Random(seedOf(seed, index)), encoder).build(index, groups);
