import { type CompressedRow, compressedInstructions, type InstructionRow, instructions } from '@vivarium/isa-riscv';

/** How a generator has to treat an instruction. */
export type Treatment =
  | { readonly kind: 'plain' | 'branch' | 'jump' | 'indirect-jump' | 'csr' | 'cache-block' }
  /** The row with bits changed until it is no instruction of ours. */
  | { readonly kind: 'illegal' }
  | {
      readonly kind: 'memory' | 'atomic' | 'load-reserved' | 'store-conditional';
      readonly bytes: number;
    };

/** Name of the group of encodings that are no instructions; they trap, and both worlds skip them. */
const ILLEGAL = 'illegal';

/** An instruction that programs of both worlds can execute: no traps but for illegal ones, no privileged state. */
export interface Candidate {
  readonly name: string;
  readonly extension: string;
  readonly treatment: Treatment;
  /** The 32-bit row; for a compressed instruction that of its expansion. */
  readonly row: InstructionRow;
  readonly compressed?: CompressedRow;
}

const FLOAT_BYTES = { h: 2, s: 4, d: 8 } as const;

/** Undefined for what traps or needs a privileged mode. */
const treatmentOf = (row: InstructionRow): Treatment | undefined => {
  for (const statement of row.semantics) {
    switch (statement.kind) {
      case 'branch':
        return { kind: 'branch' };
      case 'jump':
        return { kind: row.format === 'J' ? 'jump' : 'indirect-jump' };
      case 'load':
      case 'store':
        return { kind: 'memory', bytes: statement.bytes };
      case 'load-float':
      case 'store-float':
        return { kind: 'memory', bytes: FLOAT_BYTES[statement.format] };
      case 'load-reserved':
      case 'store-conditional':
      case 'atomic':
        return { kind: statement.kind, bytes: statement.bytes };
      case 'system':
        if (statement.operation.startsWith('csr')) return { kind: 'csr' };
        if (statement.operation === 'cbo.zero') return { kind: 'cache-block' };
        // QEMU's user mode answers cbo.clean, cbo.flush and cbo.inval with SIGILL whatever the CPU model.
        return statement.operation === 'fence.i' || statement.operation.startsWith('wrs.')
          ? { kind: 'plain' }
          : undefined;
      default:
    }
  }
  return { kind: 'plain' };
};

/** How often each extension is chosen, in parts of the sum. */
const WEIGHTS: Readonly<Record<string, number>> = {
  I: 50,
  M: 20,
  A: 30,
  F: 50,
  D: 50,
  Zfhmin: 20,
  Zfa: 30,
  Zba: 10,
  Zbb: 20,
  Zbc: 10,
  Zbs: 10,
  Zicond: 10,
  C: 50,
  Zcd: 10,
  Zcb: 20,
  Zicsr: 12,
  Zicboz: 3,
  Zicbop: 3,
  Zawrs: 2,
  Zifencei: 1,
  Zihintpause: 1,
  [ILLEGAL]: 15,
};
const OTHER_WEIGHT = 5;

export interface Group {
  readonly extension: string;
  readonly weight: number;
  readonly candidates: readonly Candidate[];
}

/** Every usable instruction by extension. `extensions` keeps only those; undefined keeps all. */
export const createCatalogue = (extensions: readonly string[] | undefined): readonly Group[] => {
  const rows = new Map(instructions.map((row) => [row.name, row]));
  const candidates: Candidate[] = [];
  const take = (name: string, extension: string, row: InstructionRow, compressed?: CompressedRow): void => {
    const treatment = treatmentOf(row);
    if (treatment === undefined || extension === 'privileged' || extension === 'Svinval') return;
    candidates.push({ name, extension, treatment, row, ...(compressed === undefined ? {} : { compressed }) });
  };
  for (const row of instructions) take(row.name, row.extension, row);
  for (const compressed of compressedInstructions) {
    const row = rows.get(compressed.expansion.instruction);
    if (row !== undefined) take(compressed.name, compressed.extension, row, compressed);
  }
  for (const row of instructions) {
    candidates.push({ name: ILLEGAL, extension: ILLEGAL, treatment: { kind: 'illegal' }, row });
  }
  const groups = Map.groupBy(candidates, (candidate) => candidate.extension);
  return [...groups]
    .filter(([extension]) => extensions === undefined || extensions.includes(extension))
    .map(([extension, members]) => ({ extension, weight: WEIGHTS[extension] ?? OTHER_WEIGHT, candidates: members }));
};
