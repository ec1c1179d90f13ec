import { readProgram } from '@vivarium/boot-image';
import type { BootImage } from '@vivarium/contracts';
import { disassemble } from '@vivarium/isa-riscv';
import { errors } from './errors.ts';
import { elfCodeSymbols, type NamedAddress } from './symbols.ts';

interface Stretch {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Where the code of an image lies; a file without addresses of its own starts at 0. */
const stretchesOf = (image: BootImage): readonly Stretch[] => {
  const program = readProgram(image);
  if (program.kind !== 'elf') return [{ address: 0n, bytes: program.bytes }];
  return program.segments.map(({ address, bytes }) => ({ address: BigInt(address), bytes }));
};

/** Symbols by address; those of a segment that runs at another address than it is loaded at are not found. */
const symbolsOf = (image: BootImage): ReadonlyMap<bigint, NamedAddress> =>
  new Map(elfCodeSymbols(image.bytes).map((symbol) => [symbol.address, symbol]));

/** The instruction at `offset`: two bytes when the low two bits say so, or when no more are left. */
const encodingAt = (bytes: Uint8Array, offset: number): { readonly encoding: number; readonly length: 2 | 4 } => {
  const half = (at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const low = half(offset);
  if ((low & 3) !== 3 || offset + 4 > bytes.length) return { encoding: low, length: 2 };
  return { encoding: (low | (half(offset + 2) << 16)) >>> 0, length: 4 };
};

/** One line of a listing: address, encoding, text. */
export const instructionLine = (address: bigint, encoding: number, length: number): string =>
  `${address.toString(16).padStart(16, '0')}  ${encoding
    .toString(16)
    .padStart(length * 2, '0')
    .padEnd(8)}  ${disassemble(encoding, address)}`;

/** The listing of an ELF file, a Linux Image or raw code, line by line. Throws `VIV_DISASSEMBLE` and image errors. */
export function* disassembly(image: BootImage): Generator<string> {
  const stretches = stretchesOf(image).filter(({ bytes }) => bytes.length >= 2);
  if (stretches.length === 0) throw errors.make('VIV_DISASSEMBLE', `${image.name} holds no instruction`);
  const symbols = symbolsOf(image);
  for (const { address, bytes } of stretches) {
    for (let offset = 0; offset + 2 <= bytes.length; ) {
      const { encoding, length } = encodingAt(bytes, offset);
      const here = address + BigInt(offset);
      const symbol = symbols.get(here);
      if (symbol !== undefined) yield `\n${symbol.name}:`;
      yield instructionLine(here, encoding, length);
      offset += length;
    }
  }
}
