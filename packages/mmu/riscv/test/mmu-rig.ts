import type { MachineMemory } from '@vivarium/contracts';
import { type Access, type DirtyLog, type HartMmu, RiscvMmuToken, type TranslationControl } from '@vivarium/isa-riscv';
import { fakeMemory, setupPart } from '@vivarium/testkit';
import { riscvMmu } from '../src/index.ts';

export const RAM_BASE = 0x8000_0000;
/** Few, so that addresses collide. */
export const TLB_ENTRIES = 16;

/** One hart's MMU over fake RAM, with its registers in the test's hands. */
export interface MmuRig {
  readonly memory: MachineMemory;
  readonly hart: HartMmu;
  readonly dirty: DirtyLog;
  /** Mutable; call `hart.select()` after a change. */
  readonly control: { -readonly [Key in keyof TranslationControl]: TranslationControl[Key] };
  /** Bases of pages that hold translated code. */
  readonly code: Set<number>;
  resolve(virtual: bigint, bytes: number, access: Access): number;
  /** Addresses in code pages that the MMU said it wrote. */
  readonly codeChanges: readonly number[];
  setSatp(satp: bigint): void;
  readEntry(physical: number): bigint;
  writeEntry(physical: number, entry: bigint): void;
  /** Payload of the entry for `virtual` in one of the TLBs that serve now; undefined on a miss. */
  lookUp(tlb: 'read' | 'write' | 'fetch', virtual: bigint): number | undefined;
}

export const halves = (value: bigint): readonly [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
];

export const createMmu = async (ramBytes = 1024 * 1024): Promise<MmuRig> => {
  const memory = fakeMemory({ base: RAM_BASE, size: ramBytes });
  const { get } = await setupPart(riscvMmu, { memory, options: { tlbEntries: TLB_ENTRIES } });
  const mmu = get(RiscvMmuToken);
  const control = {
    privilege: 3,
    mstatus: 0,
    satpLow: 0,
    satpHigh: 0,
    hardwareAccessedDirty: false,
    pageBasedMemoryTypes: false,
  };
  const code = new Set<number>();
  const codeChanges: number[] = [];
  const hart = mmu.createHart(control, {
    has: (physical) => code.has(physical - (physical % 4096)),
    changed: (physical) => void codeChanges.push(physical),
  });
  const view = new DataView(memory.linear.buffer);
  const offsetOf = (physical: number): number => physical - RAM_BASE + memory.banks[0].offset;
  return {
    memory,
    hart,
    dirty: mmu.dirty,
    control,
    code,
    codeChanges,
    resolve: (virtual, bytes, access) => hart.resolve(...halves(virtual), bytes, access),
    setSatp: (satp) => {
      [control.satpLow, control.satpHigh] = halves(satp);
    },
    readEntry: (physical) => view.getBigUint64(offsetOf(physical), true),
    writeEntry: (physical, entry) => view.setBigUint64(offsetOf(physical), entry, true),
    lookUp: (tlb, virtual) => {
      const array = { read: hart.readTlb, write: hart.writeTlb, fetch: hart.fetchTlb }[tlb];
      const index = Number((virtual >> 12n) & BigInt(hart.tlb.entries - 1));
      const entry = array + index * 16;
      const tag = ((virtual >> 12n) << 12n) | BigInt(hart.context);
      return view.getBigUint64(entry, true) === tag ? view.getUint32(entry + 8, true) : undefined;
    },
  };
};
