import { isVivariumError } from '@vivarium/contracts';
import { createCompressor } from '../compressed.ts';
import { instructions } from '../instructions.ts';
import type { InstructionEncoder } from './instruction-encoder.ts';
import { type Layout, layOut } from './layout.ts';
import type { Program } from './program.ts';

/** addi rd, rs1, 0 with two registers has no 16-bit form of its own, but c.mv does the same. */
const asMove = (word: number): number => {
  const rd = (word >>> 7) & 0x1f;
  const rs1 = (word >>> 15) & 0x1f;
  const isMove = (word & 0xfff0707f) >>> 0 === 0x13 && rd !== 0 && rs1 !== 0;
  return isMove ? ((rs1 << 20) | (rd << 7) | 0x33) >>> 0 : word;
};

const COMMUTATIVE: ReadonlySet<number> = new Set(
  instructions.filter(({ name }) => ['add', 'addw', 'mul', 'xor', 'or', 'and'].includes(name)).map((row) => row.match),
);
const OPCODE_FIELDS = 0xfe00707f;

/** The word with rs1 and rs2 exchanged where rd = rs2 and that does the same: 16-bit forms have rd = rs1. */
const commuted = (word: number): number => {
  if (!COMMUTATIVE.has((word & OPCODE_FIELDS) >>> 0)) return word;
  const [rd, rs1, rs2] = [(word >>> 7) & 0x1f, (word >>> 15) & 0x1f, (word >>> 20) & 0x1f];
  if (rd !== rs2) return word;
  return ((word & ~0x1ff8000) | (rs1 << 20) | (rs2 << 15)) >>> 0;
};

/** slli, srli and srai by 0, whose 16-bit forms are hints. */
const isShiftByZero = (word: number): boolean => (word & 0x03f0307f) >>> 0 === 0x1013;

interface CompressedLayout {
  readonly layout: Layout;
  /** The encoding of instruction `index` and its length in bytes. */
  encode(index: number): { readonly encoding: number; readonly bytes: 2 | 4 };
}

/**
 * Lays a program out with 16-bit encodings where they exist and are allowed. All candidates start short; one that does
 * not fit at the addresses found becomes long for good, until none changes.
 */
export const layOutCompressed = (program: Program, base: bigint, encoder: InstructionEncoder): CompressedLayout => {
  const { items } = program;
  const mayCompress = (index: number): boolean => {
    const item = items[index];
    return item?.kind === 'instruction' && item.mayCompress;
  };
  const isExplicit = (index: number): boolean => {
    const item = items[index];
    return item?.kind === 'instruction' && item.mnemonic.startsWith('c.');
  };
  const candidates = new Set([...items.keys()].filter((index) => mayCompress(index) && !isExplicit(index)));
  const size = (index: number): 2 | 4 => (isExplicit(index) || candidates.has(index) ? 2 : 4);
  const compress = createCompressor();
  const halfOf = (layout: Layout, index: number): number | undefined => {
    try {
      const word = layout.encode(index);
      return isShiftByZero(word) ? undefined : (compress(asMove(word)) ?? compress(commuted(word)));
    } catch (error) {
      // Out of range at these addresses perhaps only; if not, it is reported when it is encoded for good.
      if (isVivariumError(error)) return undefined;
      throw error;
    }
  };
  for (;;) {
    const layout = layOut(program, base, encoder, size);
    const misfits = [...candidates].filter((index) => halfOf(layout, index) === undefined);
    if (misfits.length === 0) {
      return {
        layout,
        encode: (index) => {
          const half = candidates.has(index) ? halfOf(layout, index) : undefined;
          return half === undefined
            ? { encoding: layout.encode(index), bytes: size(index) }
            : { encoding: half, bytes: 2 };
        },
      };
    }
    for (const index of misfits) candidates.delete(index);
  }
};
