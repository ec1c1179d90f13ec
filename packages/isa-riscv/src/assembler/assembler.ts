import { errors } from '../errors.ts';
import { layOutCompressed } from './compression.ts';
import { createInstructionEncoder } from './instruction-encoder.ts';
import { atLine } from './item.ts';
import { parseProgram } from './program.ts';

export interface AssembleOptions {
  /** Address of the first byte. Default 0. */
  readonly base?: bigint;
  /** Use 16-bit encodings where they exist. Default false; `.option rvc` and `.option norvc` change it. */
  readonly compress?: boolean;
}

export interface AssembledProgram {
  readonly bytes: Uint8Array;
  /** Labels as addresses, and the values of `.equ`, unsigned modulo 2^64; numeric labels are left out. */
  readonly symbols: ReadonlyMap<string, bigint>;
}

const NOP = 0x00000013;
const COMPRESSED_NOP = 0x0001;

/** Padding of code: no-ops as far as they fit, zero bytes before them. */
const pad = (view: DataView, start: number, end: number): void => {
  let offset = start + ((end - start) % 2);
  if ((end - offset) % 4 !== 0) {
    view.setUint16(offset, COMPRESSED_NOP, true);
    offset += 2;
  }
  for (; offset < end; offset += 4) view.setUint32(offset, NOP, true);
};

const putData = (view: DataView, offset: number, bytes: 1 | 2 | 4 | 8, value: bigint): void => {
  const bits = bytes * 8;
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) {
    throw errors.make('VIV_ASSEMBLER_RANGE', `${value} does not fit ${bits} bits`);
  }
  for (let index = 0; index < bytes; index += 1) {
    view.setUint8(offset + index, Number(BigInt.asUintN(8, value >> BigInt(8 * index))));
  }
};

/**
 * Assembles one flat run of bytes: all instructions of the table with the pseudo-instructions of the manual, labels,
 * numeric labels (`1b`, `1f`), `%hi %lo %pcrel_hi %pcrel_lo`, expressions, and the directives `.byte .half .word .dword
 * .ascii .asciz .space .align .balign .org .equ .option`. For tests and small tools, not for compilers' output.
 *
 * @throws VIV_ASSEMBLER_…, with the line number in the message and in `details.line`.
 * @example
 * const { bytes } = assemble('start: li a0, 42\n ret');
 */
export const assemble = (source: string, options: AssembleOptions = {}): AssembledProgram => {
  const base = options.base ?? 0n;
  const encoder = createInstructionEncoder();
  const program = parseProgram(source, encoder, options.compress ?? false);
  const compressed = layOutCompressed(program, base, encoder);
  const { layout } = compressed;
  const bytes = new Uint8Array(layout.offsets.at(-1) ?? 0);
  const view = new DataView(bytes.buffer);
  program.items.forEach((item, index) => {
    const offset = layout.offsets[index] ?? 0;
    const end = layout.offsets[index + 1] ?? 0;
    switch (item.kind) {
      case 'instruction': {
        const { encoding, bytes: length } = compressed.encode(index);
        if (length === 2) view.setUint16(offset, encoding, true);
        else view.setUint32(offset, encoding, true);
        break;
      }
      case 'data':
        atLine(item.line, () => putData(view, offset, item.bytes, layout.evaluate(item.text, index)));
        break;
      case 'text':
        bytes.set(item.bytes, offset);
        break;
      case 'space':
        bytes.fill(item.fill, offset, end);
        break;
      case 'align':
        pad(view, offset, end);
        break;
      case 'origin':
        break;
    }
  });
  const symbols = new Map<string, bigint>();
  for (const [name, definition] of program.symbols) {
    const line = definition.kind === 'value' ? definition.line : 0;
    symbols.set(
      name,
      BigInt.asUintN(
        64,
        atLine(line, () => layout.valueOf(definition)),
      ),
    );
  }
  return { bytes, symbols };
};
