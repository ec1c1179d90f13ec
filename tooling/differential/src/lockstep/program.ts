import { assemble } from '@vivarium/isa-riscv';
import type { Random } from '../random.ts';
import { CODE_PAGE, CODE_PAGES, PAGE, page, RAM_BASE } from './layout.ts';
import { line } from './lines.ts';
import { FRAME_END, frameStart } from './handlers.ts';

/** What happens between two slices. */
export type Event =
  | { readonly kind: 'none' }
  | { readonly kind: 'input'; readonly name: string; readonly level: boolean }
  | { readonly kind: 'patch'; readonly address: number; readonly bytes: Uint8Array };

export interface Slice {
  readonly budget: number;
  readonly event: Event;
}

export interface Program {
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly slices: readonly Slice[];
}

/** Interrupt inputs of a hart. */
export const INPUTS = ['ssip', 'msip', 'stip', 'mtip', 'seip', 'meip'];
/** add a0, a0, a1; ecall; addi a0, a0, 1; a branch to itself and on; 0. */
const PATCHES = [0x00b50533, 0x00000073, 0x00150513, 0x00a50263, 0];

/** A program of random lines, and how it is cut into slices. */
export const generate = (random: Random): Program => {
  const count = 8 + random.below(80);
  const compress = random.below(2) === 0;
  // The lines lie across a page's end.
  const before = PAGE - 2 * random.below(Math.min(count * 3, PAGE / 2)) - 64;
  const lines = Array.from({ length: count }, (_, number) => `line${number}: ${line(random, count)}`);
  const source = [
    frameStart(random, count),
    `.zero ${before}`,
    compress ? '.option rvc' : '.option norvc',
    ...lines,
    FRAME_END,
  ].join('\n');
  const { bytes, symbols } = assemble(source, { base: BigInt(RAM_BASE) });
  if (bytes.length > (CODE_PAGE + CODE_PAGES) * PAGE) throw new Error('the program is longer than its pages');
  const slices = Array.from({ length: 20 + random.below(30) }, (): Slice => {
    const budget = 1 + random.below(random.below(2) === 0 ? 16 : 400);
    return { budget, event: event(random, symbols.get(`line${random.below(count)}`) ?? BigInt(page(CODE_PAGE))) };
  });
  return { source, bytes, slices };
};

const event = (random: Random, target: bigint): Event => {
  const kind = random.below(10);
  if (kind < 4) return { kind: 'none' };
  if (kind < 9) {
    return { kind: 'input', name: random.pick(INPUTS), level: random.below(2) === 0 };
  }
  const word = Uint32Array.of(random.pick(PATCHES));
  return { kind: 'patch', address: Number(target), bytes: new Uint8Array(word.buffer) };
};
