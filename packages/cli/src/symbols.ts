import { readElfSymbols, signatureOf } from '@vivarium/boot-image';
import { errors } from './errors.ts';
import { readImage } from './image-file.ts';

/** A name for the addresses from here to the next one. */
export interface NamedAddress {
  readonly address: bigint;
  readonly name: string;
}

/** Lines of System.map and kallsyms: address, type, name, and a module's name in brackets. */
const LINE = /^([0-9a-fA-F]{8,16})\s+([a-zA-Z])\s+(\S+)(?:\s+(\[\S+\]))?\s*$/;
const CODE = new Set(['t', 'T', 'w', 'W']);

/** Reads the text form. Lines of anything else are passed over. */
export const parseSymbolMap = (text: string): readonly NamedAddress[] =>
  text.split('\n').flatMap((line) => {
    const [, address, type, name, module] = LINE.exec(line) ?? [];
    if (address === undefined || type === undefined || name === undefined || !CODE.has(type)) return [];
    return [{ address: BigInt(`0x${address}`), name: module === undefined ? name : `${name} ${module}` }];
  });

/** Finds the symbol that an address belongs to. */
export class SymbolTable {
  readonly #symbols: readonly NamedAddress[];

  constructor(symbols: readonly NamedAddress[]) {
    this.#symbols = [...symbols].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  }

  /** The last symbol at or below `address`; undefined when there is none within `reach` bytes. */
  find(address: bigint, reach = 0x10_0000n): string | undefined {
    let [low, high] = [0, this.#symbols.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#symbols[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.#symbols[low - 1];
    return symbol !== undefined && address - symbol.address < reach ? symbol.name : undefined;
  }
}

/** Names of code in an ELF file; none in anything else. */
export const elfCodeSymbols = (bytes: Uint8Array): readonly NamedAddress[] =>
  readElfSymbols(bytes).filter(({ kind }) => kind !== 'object');

/** Reads the files of --symbols. Throws `VIV_FILE_UNREADABLE` and `VIV_SYMBOLS`, and what the ELF reader throws. */
export const readSymbols = async (files: readonly string[]): Promise<SymbolTable> => {
  const symbols: NamedAddress[] = [];
  for (const file of files) {
    const image = await readImage('--symbols', file);
    const { kind } = signatureOf(image.bytes);
    const found = kind === 'elf' ? elfCodeSymbols(image.bytes) : parseSymbolMap(new TextDecoder().decode(image.bytes));
    if (found.length === 0) throw errors.make('VIV_SYMBOLS', `--symbols: '${file}' names no code`);
    for (const symbol of found) symbols.push(symbol);
  }
  return new SymbolTable(symbols);
};
