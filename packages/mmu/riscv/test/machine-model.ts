import { ACCESS_FAULT, type Access, DEVICE, FETCH, PAGE_FAULT, READ, WRITE } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { type MmuRig, RAM_BASE } from './mmu-rig.ts';
import type { AccessKind } from './reference-pmp.ts';
import { referenceWalk } from './reference-walk.ts';

export const RAM_BYTES = 4 * 1024 * 1024;
const SPACES = 3;
/** Address space n has its root at page 2n and the table for the first 2 MiB behind it, both in RAM. */
export const rootOf = (space: number): number => RAM_BASE + space * 0x3000;
export const ENTRIES = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 };
export const ALL = 0xcf;

/** Pages whose translations are watched. In a TLB of 16 entries pages 0, 16, 32 and the superpage's share an entry. */
export const SMALL_PAGES = [0, 1, 5] as const;
export const NAPOT_PAGES = [16, 21, 31] as const;
export const SUPERPAGE_PAGES = [512, 517, 1023] as const;
export const PAGES = [...SMALL_PAGES, ...NAPOT_PAGES, ...SUPERPAGE_PAGES, 32] as const;
export const addressOf = (page: number): bigint => BigInt(page) * 4096n;

const leaf = (physical: number, flags: number, napot = false): bigint =>
  (BigInt((napot ? (physical & ~0xffff) | 0x8000 : physical) / 4096) << 10n) | BigInt(flags) | (napot ? 1n << 63n : 0n);

type Operation =
  | { readonly kind: 'access'; readonly page: number; readonly access: Access; readonly offset: number }
  | { readonly kind: 'fetch-entered'; readonly page: number }
  | { readonly kind: 'mode'; readonly privilege: 0 | 1 | 3; readonly mstatus: number }
  | { readonly kind: 'space'; readonly space: number; readonly asid: number; readonly bare: boolean }
  | {
      readonly kind: 'entry';
      readonly space: number;
      readonly page: number;
      readonly target: number;
      readonly flags: number;
      readonly how: 'page' | 'space' | 'all';
    }
  | { readonly kind: 'code'; readonly page: number }
  | { readonly kind: 'flush-writes' };

const page = fc.constantFrom(...PAGES);
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('access' as const),
      page,
      access: fc.constantFrom<Access>(READ, WRITE, FETCH),
      offset: fc.integer({ min: 0, max: 0xff8 }),
    }),
  },
  fc.record({ kind: fc.constant('fetch-entered' as const), page }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mode' as const),
      privilege: fc.constantFrom<0 | 1 | 3>(0, 1, 3),
      // MPRV, SUM, MXR with MPP = 0 or 1.
      mstatus: fc.integer({ min: 0, max: 15 }).map((value) => ((value & 7) << 17) | ((value >> 3) << 11)),
    }),
  },
  fc.record({
    kind: fc.constant('space' as const),
    space: fc.integer({ min: 0, max: SPACES - 1 }),
    asid: fc.constantFrom(0, 1, 0xffff),
    bare: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      space: fc.integer({ min: 0, max: SPACES - 1 }),
      page,
      target: fc.integer({ min: 0x100, max: 0x3ff }),
      flags: fc.integer({ min: 0, max: 0xff }).map((flags) => flags & ~ENTRIES.G),
      how: fc.constantFrom('page' as const, 'space' as const, 'all' as const),
    }),
  },
  fc.record({ kind: fc.constant('code' as const), page: fc.integer({ min: 0x100, max: 0x3ff }) }),
  fc.constant({ kind: 'flush-writes' as const }),
);

const same = (actual: unknown, wanted: unknown, what: string): void => {
  if (actual !== wanted) throw new Error(`${what}: ${String(actual)}, where a walk gives ${String(wanted)}`);
};

/** Runs operations on the MMU and, after each, compares every TLB entry that answers with a fresh walk. */
export class Machine {
  readonly rig: MmuRig;
  hits = 0;
  #space = 0;
  #asid = 0;
  #bare = false;

  constructor(rig: MmuRig) {
    this.rig = rig;
    rig.memory.clear();
    rig.code.clear();
    rig.hart.pmp.reset();
    rig.hart.pmp.writeAddress(0, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(0, 0x1f);
    for (let space = 0; space < SPACES; space += 1) {
      const root = rootOf(space);
      const pointer = (target: number): bigint => (BigInt(target / 4096) << 10n) | 1n;
      rig.writeEntry(root, pointer(root + 0x1000));
      rig.writeEntry(root + 0x1000, pointer(root + 0x2000));
      for (const number of PAGES) this.map(space, number, 0x200 + space * 0x40 + (number % 32), ALL);
    }
    Object.assign(rig.control, { privilege: 1, mstatus: 0, hardwareAccessedDirty: true });
    this.#apply();
    rig.hart.flush();
    rig.hart.select();
  }

  #apply(): void {
    const satp = (8n << 60n) | (BigInt(this.#asid) << 44n) | BigInt(rootOf(this.#space) / 4096);
    this.rig.setSatp(this.#bare ? 0n : satp);
  }

  /** Points `number` (with the whole range that shares its entry) at page `target` of RAM. */
  map(space: number, number: number, target: number, flags: number): void {
    const root = rootOf(space);
    const physical = RAM_BASE + target * 4096;
    if (number >= 512) {
      // The second 2 MiB of RAM, or the first.
      const large = RAM_BASE + (target % 2) * 0x20_0000;
      this.rig.writeEntry(root + 0x1000 + 8, leaf(large, flags));
    } else if (number >= 16 && number < 32) {
      for (let each = 16; each < 32; each += 1) {
        this.rig.writeEntry(root + 0x2000 + each * 8, leaf(physical, flags, true));
      }
    } else this.rig.writeEntry(root + 0x2000 + number * 8, leaf(physical, flags));
  }

  run(step: Operation): void {
    const { hart, control, code } = this.rig;
    switch (step.kind) {
      case 'access':
        this.access(step.page, step.access, step.offset);
        break;
      case 'fetch-entered':
        if (this.access(step.page, FETCH, 0) >= 0) {
          const virtual = addressOf(step.page);
          hart.enterFetch(Number(virtual), 0, hart.physical);
        }
        break;
      case 'mode':
        control.privilege = step.privilege;
        control.mstatus = step.mstatus;
        break;
      case 'space':
        this.#space = step.space;
        // One ASID always means one space, as software has it.
        this.#asid = (step.asid + step.space) & 0xffff;
        this.#bare = step.bare;
        this.#apply();
        break;
      case 'entry': {
        this.map(step.space, step.page, step.target, step.flags);
        const virtual = addressOf(step.page);
        if (step.how === 'page') hart.flushPage(Number(virtual), 0);
        else if (step.how === 'all') hart.flush();
        else for (const asid of [0, 1, 0xffff]) hart.flushSpace((asid + step.space) & 0xffff);
        break;
      }
      case 'code':
        code.add(RAM_BASE + step.page * 4096);
        hart.flushWrites();
        break;
      case 'flush-writes':
        hart.flushWrites();
        break;
    }
    hart.select();
  }

  access(number: number, access: Access, offset: number): number {
    const virtual = addressOf(number) + BigInt(offset);
    const wanted = this.#walk(virtual, access);
    const result = this.rig.resolve(virtual, 8, access);
    same(result, wanted, `access ${access} to page ${number}`);
    return result;
  }

  #privilege(access: Access): number {
    const { privilege, mstatus } = this.rig.control;
    return access !== FETCH && privilege === 3 && (mstatus & (1 << 17)) !== 0 ? (mstatus >> 11) & 3 : privilege;
  }

  /** By the reference: the offset or the outcome. Entries of the page table stay as they are. */
  #walk(virtual: bigint, access: Access): number {
    const { rig } = this;
    const { mstatus, satpLow, satpHigh } = rig.control;
    const satp = (BigInt(satpHigh >>> 0) << 32n) | BigInt(satpLow >>> 0);
    const privilege = this.#privilege(access);
    if (privilege === 3 || satp === 0n) return DEVICE;
    const kinds: Readonly<Record<Access, AccessKind>> = { [READ]: 'read', [WRITE]: 'write', [FETCH]: 'fetch' };
    const outcome = referenceWalk(
      {
        virtual,
        kind: kinds[access],
        privilege,
        satp,
        sum: (mstatus & (1 << 18)) !== 0,
        mxr: (mstatus & (1 << 19)) !== 0,
        svadu: true,
        svpbmt: false,
      },
      { readEntry: (at) => rig.readEntry(Number(at)), writeEntry: () => true },
    );
    if (outcome.kind !== 'address') return outcome.kind === 'page-fault' ? PAGE_FAULT : ACCESS_FAULT;
    return rig.memory.banks[0].offset + Number(outcome.physical) - RAM_BASE;
  }

  /** Every entry that answers now says what a walk says now, with A and D already set. */
  check(): void {
    for (const number of PAGES) {
      const virtual = addressOf(number);
      for (const [tlb, access] of [
        ['read', READ],
        ['write', WRITE],
        ['fetch', FETCH],
      ] as const) {
        const payload = this.rig.lookUp(tlb, virtual);
        if (payload === undefined) continue;
        this.hits += 1;
        const offset = this.#walk(virtual, access);
        const { offset: bank } = this.rig.memory.banks[0];
        const place = `${tlb} of page ${number}`;
        if (tlb === 'fetch') same(payload - RAM_BASE + bank, offset, place);
        else same((Number(virtual) + payload) % 2 ** 32, offset, place);
        if (tlb === 'write') same(this.rig.code.has(RAM_BASE + offset - bank), false, `${place} holding code`);
      }
    }
  }
}
