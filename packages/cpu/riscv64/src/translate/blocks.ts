// Hot code: runs once for each region that is translated.
import { isInlineCsr } from './csr.ts';
import type { Instruction } from './instruction.ts';
import { trapEmitters } from './trap.ts';
import { type Decoder, instructions, type SystemOperation } from '@vivarium/isa-riscv';

const PAGE = 4096;
/** A region larger than this is cut: what lies beyond is left to other regions. */
const MOST_INSTRUCTIONS = 1500;

/** How a block ends. Offsets are relative to the page and may lie outside of it, or outside of the region. */
export type BlockEnd =
  /** A conditional branch, the last instruction of the block. */
  | { readonly kind: 'branch'; readonly taken: number; readonly next: number }
  /** jal, or no jump at all: execution goes on at `target`. */
  | { readonly kind: 'goto'; readonly target: number }
  /** jalr, ecall, sret: execution goes on anywhere. */
  | { readonly kind: 'indirect' }
  /** The instruction at `offset`, which is not in the block, is the interpreter's. */
  | { readonly kind: 'interpret'; readonly offset: number };

export interface Block {
  readonly offset: number;
  readonly instructions: readonly Instruction[];
  readonly end: BlockEnd;
}

/** The page that a region is made of. */
export interface CodePage {
  /** Halfword at a byte offset below 4096. */
  half(offset: number): number;
  /** False where nothing was ever executed: such code stays out of regions. */
  warm(offset: number): boolean;
  /** True where the instruction belongs to the interpreter, whatever it is; absent: nowhere. */
  apart?(offset: number): boolean;
}

/** A region's blocks in ascending order of offset, and which of them can be entered from outside. */
export interface CodeRegion {
  readonly blocks: readonly Block[];
  readonly entries: readonly number[];
}

const isTranslated = (operation: SystemOperation, immediate: number): boolean =>
  trapEmitters.has(operation) || operation === 'cbo.zero' || isInlineCsr(operation, immediate);

/** Reads instructions of a page. */
class PageReader {
  readonly #page: CodePage;
  readonly #decoder: Decoder;

  constructor(page: CodePage, decoder: Decoder) {
    this.#page = page;
    this.#decoder = decoder;
  }

  /** The instruction at `offset`, or undefined when it is illegal, lies on two pages, or is the interpreter's. */
  at(offset: number): Instruction | undefined {
    if (this.#page.apart?.(offset) === true) return undefined;
    const low = this.#page.half(offset);
    const short = (low & 3) !== 3;
    if (!short && offset + 4 > PAGE) return undefined;
    const word = short ? this.#decoder.expandCompressed(low) | 0 : low | (this.#page.half(offset + 2) << 16);
    const number = word === 0 ? -1 : this.#decoder.decode(word);
    const row = instructions[number];
    if (row === undefined) return undefined;
    const immediate = this.#decoder.immediate(number, word);
    // `j .`: the interpreter waits there without spinning, and knows when nothing can end it.
    if (row.name === 'jal' && immediate === 0 && ((word >>> 7) & 31) === 0) return undefined;
    const system = row.semantics.find((statement) => statement.kind === 'system');
    if (system?.kind === 'system' && !isTranslated(system.operation, immediate)) return undefined;
    return { offset, length: short ? 2 : 4, row, word, immediate };
  }

  /** Bytes of the encoding at `offset`. */
  length(offset: number): 2 | 4 {
    return (this.#page.half(offset) & 3) === 3 ? 4 : 2;
  }
}

/** Where control can go from an instruction that ends a block. */
const endOf = (instruction: Instruction): BlockEnd | undefined => {
  const last = instruction.row.semantics.at(-1);
  const next = instruction.offset + instruction.length;
  if (last?.kind === 'branch') return { kind: 'branch', taken: instruction.offset + instruction.immediate, next };
  if (last?.kind === 'system' && trapEmitters.has(last.operation)) return { kind: 'indirect' };
  if (last?.kind !== 'jump') return undefined;
  return instruction.row.name === 'jal'
    ? { kind: 'goto', target: instruction.offset + instruction.immediate }
    : { kind: 'indirect' };
};

/** Whether execution is expected to come back behind a jump: calls, of functions and of the system. */
const links = ({ row, word }: Instruction): boolean =>
  row.name === 'ecall' || (row.registers.rd === 'x' && ((word >>> 7) & 31) !== 0);

const inside = (offset: number): boolean => offset >= 0 && offset < PAGE;

/**
 * Follows the code from `entries` through the page. Return points of calls become entries, too, because execution comes
 * back to them from outside.
 */
export const discoverRegion = (page: CodePage, decoder: Decoder, entries: Iterable<number>): CodeRegion => {
  const reader = new PageReader(page, decoder);
  const leaders = new Set<number>(entries);
  const entrySet = new Set<number>(leaders);
  const work = [...leaders];
  const seen = new Map<number, Instruction>();
  let offset = work.pop();
  while (offset !== undefined) {
    let at: number = offset;
    while (inside(at) && !seen.has(at) && seen.size < MOST_INSTRUCTIONS) {
      const instruction = reader.at(at);
      if (instruction === undefined) {
        // The interpreter executes this one, and the region is entered again behind it.
        const behind = at + reader.length(at);
        if (inside(behind) && page.warm(behind)) {
          leaders.add(behind);
          entrySet.add(behind);
          work.push(behind);
        }
        break;
      }
      seen.set(at, instruction);
      const end = endOf(instruction);
      const next = at + instruction.length;
      if (end !== undefined) {
        const targets = end.kind === 'branch' ? [end.taken, end.next] : end.kind === 'goto' ? [end.target] : [];
        for (const target of targets) {
          if (inside(target) && page.warm(target)) {
            leaders.add(target);
            work.push(target);
            // The head of a loop: after an interpreted instruction in the loop, the region is entered again there.
            if (target <= at) entrySet.add(target);
          }
        }
        if (end.kind !== 'branch' && links(instruction) && inside(next) && page.warm(next)) {
          leaders.add(next);
          entrySet.add(next);
          work.push(next);
        }
        break;
      }
      at = next;
    }
    offset = work.pop();
  }
  return {
    blocks: cutBlocks(seen, leaders),
    entries: [...entrySet].filter((entry) => seen.has(entry)).sort((a, b) => a - b),
  };
};

/** Cuts the instructions at the leaders. */
const cutBlocks = (seen: ReadonlyMap<number, Instruction>, leaders: ReadonlySet<number>): readonly Block[] => {
  const blocks: Block[] = [];
  for (const leader of [...leaders].sort((a, b) => a - b)) {
    const list: Instruction[] = [];
    let at = leader;
    let end: BlockEnd | undefined;
    while (end === undefined) {
      const instruction = seen.get(at);
      if (instruction === undefined)
        end = inside(at) ? { kind: 'interpret', offset: at } : { kind: 'goto', target: at };
      else if (at !== leader && leaders.has(at)) end = { kind: 'goto', target: at };
      else {
        list.push(instruction);
        end = endOf(instruction);
        at += instruction.length;
      }
    }
    if (seen.has(leader)) blocks.push({ offset: leader, instructions: list, end });
  }
  return blocks;
};
