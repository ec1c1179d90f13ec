/** What a kernel module says of itself in its `.modinfo` section. */
export interface ModuleInfo {
  /** Names of the modules it needs, as written: `-` and `_` are the same. */
  readonly depends: readonly string[];
  /** Patterns by which the kernel asks for it, for example `virtio:d00000002v*`. */
  readonly aliases: readonly string[];
  /** Modules or aliases to load before it when they exist. */
  readonly softDepends: readonly string[];
}

// ELF-64, little-endian: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, chapters 4.1 to 4.3
const E_SHOFF = 0x28;
const E_SHENTSIZE = 0x3a;
const E_SHNUM = 0x3c;
const E_SHSTRNDX = 0x3e;
const SH_NAME = 0x00;
const SH_OFFSET = 0x18;
const SH_SIZE = 0x20;
/** Magic, ELFCLASS64, ELFDATA2LSB. */
const ELF_IDENT = '\x7fELF\x02\x01';
const EHDR_SIZE = 0x40;
const SHDR_SIZE = 0x40;

/** Bytes of the section `name`, undefined when the file is no such ELF file or has no such section. */
const section = (file: Buffer, name: string): Buffer | undefined => {
  if (file.length < EHDR_SIZE || file.toString('latin1', 0, 6) !== ELF_IDENT) return undefined;
  const table = Number(file.readBigUInt64LE(E_SHOFF));
  const entrySize = file.readUInt16LE(E_SHENTSIZE);
  const count = file.readUInt16LE(E_SHNUM);
  const names = file.readUInt16LE(E_SHSTRNDX);
  if (entrySize < SHDR_SIZE || table + entrySize * count > file.length || names >= count) return undefined;
  const entry = (index: number) => {
    const at = table + index * entrySize;
    const offset = Number(file.readBigUInt64LE(at + SH_OFFSET));
    return {
      name: file.readUInt32LE(at + SH_NAME),
      bytes: file.subarray(offset, offset + Number(file.readBigUInt64LE(at + SH_SIZE))),
    };
  };
  const strings = entry(names).bytes;
  for (let index = 0; index < count; index += 1) {
    const { name: at, bytes } = entry(index);
    const end = strings.indexOf(0, at);
    if (end >= 0 && strings.toString('latin1', at, end) === name) return bytes;
  }
  return undefined;
};

/** Reads the `.modinfo` section of a kernel module (ELF); undefined when the bytes are not one. */
export const readModuleInfo = (file: Uint8Array): ModuleInfo | undefined => {
  const bytes = section(Buffer.from(file.buffer, file.byteOffset, file.length), '.modinfo');
  if (bytes === undefined) return undefined;
  const pairs = bytes
    .toString('utf8')
    .split('\0')
    .filter((pair) => pair.includes('='));
  const values = (key: string): readonly string[] =>
    pairs.filter((pair) => pair.startsWith(`${key}=`)).map((pair) => pair.slice(key.length + 1));
  const words = (text: string, separator: RegExp): readonly string[] =>
    text.split(separator).filter((word) => word !== '');
  return {
    depends: values('depends').flatMap((value) => words(value, /,/)),
    aliases: values('alias'),
    softDepends: values('softdep').flatMap((value) => words(/\bpre:([^:]*)(?:\s\w+:|$)/.exec(value)?.[1] ?? '', /\s+/)),
  };
};
