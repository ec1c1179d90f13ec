import { LittleEndian } from './little-endian.ts';

/** Fields of `Elf64_Ehdr`, `Elf64_Shdr` and `Elf64_Sym` (System V ABI, chapter 4), byte offsets. */
const EHDR = { e_shoff: 40, e_shentsize: 58, e_shnum: 60 } as const;
const SHDR = { sh_type: 4, sh_offset: 24, sh_size: 32, sh_link: 40, length: 64 } as const;
const SYM = { st_name: 0, st_info: 4, st_shndx: 6, st_value: 8, st_size: 16, length: 24 } as const;
const SHT_SYMTAB = 2;
const SHN_UNDEF = 0;
const STT_NOTYPE = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
/** Longer names are cut: it bounds the cost of a table whose entries all share one long string. */
const MAXIMUM_NAME = 256;

/** Mapping symbols (RISC-V psABI, "Mapping Symbol") tell code from data; they name nothing. */
const MAPPING = /^\$[xd]/;

/** A name for an address, for traces and debuggers. */
export interface ElfSymbol {
  readonly name: string;
  /** As linked: virtual. */
  readonly address: bigint;
  /** Bytes; 0 when unknown. */
  readonly size: bigint;
  readonly kind: 'function' | 'object' | 'label';
}

const KINDS: Readonly<Record<number, ElfSymbol['kind']>> = {
  [STT_NOTYPE]: 'label',
  [STT_OBJECT]: 'object',
  [STT_FUNC]: 'function',
};

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

const readSection = (fields: LittleEndian, at: number): Section | undefined => {
  const type = fields.u32(at + SHDR.sh_type);
  const offset = fields.u64(at + SHDR.sh_offset);
  const size = fields.u64(at + SHDR.sh_size);
  const link = fields.u32(at + SHDR.sh_link);
  if (type === undefined || offset === undefined || size === undefined || link === undefined) {
    return undefined;
  }
  return offset + size <= fields.length ? { type, offset, size, link } : undefined;
};

const readName = (bytes: Uint8Array, strings: Section, at: number): string => {
  let name = '';
  const end = Math.min(strings.size, at + MAXIMUM_NAME);
  for (let position = at; position < end; position += 1) {
    const byte = bytes[strings.offset + position] ?? 0;
    if (byte === 0) {
      break;
    }
    name += String.fromCharCode(byte);
  }
  return name;
};

/**
 * The defined functions, objects and labels of an ELF file's symbol table, in the table's order. Symbols are a
 * convenience: a file without a table, or with a damaged one, has none.
 */
export const readElfSymbols = (bytes: Uint8Array): readonly ElfSymbol[] => {
  const fields = new LittleEndian(bytes);
  const sectionsAt = fields.u64(EHDR.e_shoff);
  const count = fields.u16(EHDR.e_shnum);
  if (sectionsAt === undefined || count === undefined || fields.u16(EHDR.e_shentsize) !== SHDR.length) {
    return [];
  }
  const section = (index: number): Section | undefined =>
    index < count ? readSection(fields, sectionsAt + index * SHDR.length) : undefined;
  const table = Array.from({ length: count }, (_, index) => section(index)).find((one) => one?.type === SHT_SYMTAB);
  const strings = table === undefined ? undefined : section(table.link);
  if (table === undefined || strings === undefined) {
    return [];
  }
  const symbols: ElfSymbol[] = [];
  for (let at = table.offset; at + SYM.length <= table.offset + table.size; at += SYM.length) {
    const nameAt = fields.u32(at + SYM.st_name) ?? 0;
    const kind = KINDS[(bytes[at + SYM.st_info] ?? 0) & 15];
    const name = readName(bytes, strings, nameAt);
    if (kind !== undefined && name !== '' && !MAPPING.test(name) && fields.u16(at + SYM.st_shndx) !== SHN_UNDEF) {
      const address = fields.big64(at + SYM.st_value) ?? 0n;
      symbols.push({ name, address, size: fields.big64(at + SYM.st_size) ?? 0n, kind });
    }
  }
  return symbols;
};
