import { ACCESS_FAULT, type Access, DEVICE, FETCH, PAGE_FAULT, READ, WRITE } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMmu, type MmuRig, RAM_BASE } from './mmu-rig.ts';
import { type AccessKind, type PmpEntry, pmpAllows } from './reference-pmp.ts';
import { referenceWalk, type WalkInput } from './reference-walk.ts';

const RAM_PAGES = 16;
const RAM_BYTES = RAM_PAGES * 4096;
const KINDS: Readonly<Record<Access, AccessKind>> = { [READ]: 'read', [WRITE]: 'write', [FETCH]: 'fetch' };

/** One level of a walk: where its entry points, and the entry's other bits. */
interface Step {
  readonly page: number;
  readonly flags: number;
  readonly high: bigint;
  readonly leaf: boolean;
}

interface Scenario {
  readonly levels: 3 | 4 | 5;
  readonly virtual: bigint;
  readonly bytes: number;
  readonly access: Access;
  readonly privilege: 0 | 1 | 3;
  readonly mstatus: number;
  readonly svadu: boolean;
  readonly svpbmt: boolean;
  readonly root: number;
  readonly steps: readonly Step[];
  /** Where the leaf points: in RAM, past it, or anywhere in 44 bits. */
  readonly leafPage: bigint;
  /** Makes the page that the leaf points to aligned to its size. */
  readonly aligned: boolean;
  readonly pmp: readonly PmpEntry[];
}

/** `usual` eleven times of twelve. */
const mostly = <T>(usual: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 11, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

const ramPage = fc.integer({ min: 0, max: RAM_PAGES - 1 });

const step: fc.Arbitrary<Step> = fc.record({
  page: mostly(-1, fc.oneof(ramPage, fc.constantFrom(RAM_PAGES, RAM_PAGES + 1))),
  // V R W X U G A D and two bits for software. Mostly all is allowed to one privilege.
  flags: fc.oneof(fc.integer({ min: 0, max: 0x3ff }), fc.constantFrom(0xcf, 0xdf, 0x4f, 0x5f, 0x0f, 0x1f)),
  high: mostly(0n, fc.constantFrom(1n << 63n, 1n << 61n, 2n << 61n, 3n << 61n, 1n << 54n, 1n << 60n)),
  leaf: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const pmpEntry: fc.Arbitrary<PmpEntry> = fc.record({
  configuration: fc.integer({ min: 0, max: 0xff }).map((value) => value & 0x9f),
  address: fc.oneof(
    fc.constant((1n << 54n) - 1n),
    fc.integer({ min: 0, max: RAM_BYTES / 4 + 64 }).map((words) => BigInt(RAM_BASE / 4 + words)),
  ),
});

/** Everything allowed, or random entries. */
const pmp = mostly<readonly PmpEntry[]>(
  [{ configuration: 0x1f, address: (1n << 54n) - 1n }],
  fc.array(pmpEntry, { maxLength: 4 }),
);

const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    levels: fc.constantFrom(3, 4, 5),
    offset: fc.integer({ min: 0, max: 0xfff }),
    // Low addresses, and the first bytes of superpages, are where superpages can lie in RAM.
    virtual: fc
      .tuple(fc.bigInt(0n, (1n << 57n) - 1n), fc.constantFrom(-1n, ~0x3ff_0000n, 0xffffn))
      .map(([value, mask]) => value & mask),
    canonical: mostly(true, fc.constant(false)),
    extra: fc.bigInt(0n, 0x7fn),
    size: fc.constantFrom(1, 2, 4, 8),
    access: fc.constantFrom<Access>(READ, WRITE, FETCH),
    privilege: fc.constantFrom<0 | 1 | 3>(0, 1, 1, 3),
    // MPP, MPRV, SUM, MXR.
    mstatus: fc.integer({ min: 0, max: 0x1f }).map((value) => ((value & 3) << 11) | ((value >> 2) << 17)),
    svadu: fc.boolean(),
    svpbmt: fc.boolean(),
    root: mostly(0, fc.constantFrom(3, RAM_PAGES, RAM_PAGES * 4)),
    steps: fc.array(step, { minLength: 5, maxLength: 5 }),
    leafPage: fc.oneof(
      { weight: 4, arbitrary: ramPage.map((page) => BigInt(RAM_BASE / 4096 + page)) },
      fc.bigInt(0n, (1n << 44n) - 1n),
      fc.constantFrom(0n, 0x10000n, BigInt(RAM_BASE / 4096 + RAM_PAGES)),
    ),
    aligned: mostly(true, fc.constant(false)),
    pmp,
  })
  .map(({ offset, virtual, canonical, extra, size, mstatus, ...rest }) => {
    const width = 12 + 9 * rest.levels;
    const inside = BigInt.asIntN(width, (virtual & ~0xfffn) | BigInt(offset - (offset % size)));
    const address = canonical ? inside : inside ^ (extra << BigInt(width));
    // MPP = 2 does not exist.
    const status = ((mstatus >> 11) & 3) === 2 ? mstatus & ~(3 << 11) : mstatus;
    return { ...rest, virtual: BigInt.asUintN(64, address), bytes: size, mstatus: status };
  });

/** Lays the tables out in RAM: the walk's table of each step is a page of its own, or another where `page` says so. */
const layOut = (rig: MmuRig, { levels, virtual, root, steps, leafPage, aligned }: Scenario): void => {
  let table = root;
  for (let level = levels - 1; level >= 0; level -= 1) {
    const { page, flags, high, leaf } = steps[levels - 1 - level];
    const next = page < 0 ? (table + 1) % RAM_PAGES : page;
    const isLeaf = leaf || level === 0;
    const size = 1n << BigInt(9 * level);
    let target = isLeaf ? leafPage : BigInt(RAM_BASE / 4096 + next);
    if (isLeaf && aligned) target -= target % size;
    if (isLeaf && high === 1n << 63n && aligned) target = (target & ~0xfn) | 8n;
    // Pointers are mostly V alone; leaves get A and D more often than not.
    const plain = flags % 16 === 0 ? flags | 1 : 1;
    const kept = flags % 16 === 0 ? flags : flags | 1;
    const entry = (target << 10n) | BigInt(isLeaf ? kept : plain) | high;
    const index = Number((virtual >> BigInt(12 + 9 * level)) & 0x1ffn);
    if (table < RAM_PAGES) rig.writeEntry(RAM_BASE + table * 4096 + index * 8, entry);
    table = next;
  }
};

describe('a walk of random page tables', () => {
  let rig: MmuRig;
  beforeAll(async () => {
    rig = await createMmu(RAM_BYTES);
  });

  /** Outcome by the reference, on a copy of RAM that it may change. */
  const expected = (given: Scenario, ram: DataView): { result: number; physical?: bigint } => {
    const inRam = (address: bigint, bytes: number): boolean =>
      address >= BigInt(RAM_BASE) && address + BigInt(bytes) <= BigInt(RAM_BASE + RAM_BYTES);
    const kind = KINDS[given.access];
    const mprv = given.privilege === 3 && kind !== 'fetch' && (given.mstatus & (1 << 17)) !== 0;
    const privilege = mprv ? (given.mstatus >> 11) & 3 : given.privilege;
    let physical = given.virtual;
    if (privilege !== 3) {
      const input: WalkInput = {
        virtual: given.virtual,
        kind,
        privilege,
        satp: satpOf(given),
        sum: (given.mstatus & (1 << 18)) !== 0,
        mxr: (given.mstatus & (1 << 19)) !== 0,
        svadu: given.svadu,
        svpbmt: given.svpbmt,
      };
      const outcome = referenceWalk(input, {
        readEntry: (at) =>
          inRam(at, 8) && pmpAllows(given.pmp, at, 8, 'read', 1)
            ? ram.getBigUint64(Number(at) - RAM_BASE, true)
            : undefined,
        writeEntry: (at, entry) => {
          if (!pmpAllows(given.pmp, at, 8, 'write', 1)) return false;
          ram.setBigUint64(Number(at) - RAM_BASE, entry, true);
          return true;
        },
      });
      if (outcome.kind !== 'address') return { result: outcome.kind === 'page-fault' ? PAGE_FAULT : ACCESS_FAULT };
      ({ physical } = outcome);
    } else if (physical >> 56n !== 0n) return { result: ACCESS_FAULT };
    if (!pmpAllows(given.pmp, physical, given.bytes, kind, privilege)) return { result: ACCESS_FAULT };
    if (!inRam(physical, given.bytes)) return { result: DEVICE, physical };
    return { result: rig.memory.banks[0].offset + Number(physical) - RAM_BASE, physical };
  };

  const satpOf = ({ levels, root }: Scenario): bigint => (BigInt(levels + 5) << 60n) | BigInt(RAM_BASE / 4096 + root);

  it('H6 ends where the specification says: address, fault, A and D', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(scenario, (given) => {
        rig.memory.clear();
        rig.hart.pmp.reset();
        for (const [entry, { address }] of given.pmp.entries()) rig.hart.pmp.writeAddress(entry, address);
        for (const [entry, { configuration }] of given.pmp.entries()) {
          rig.hart.pmp.writeConfiguration(entry, configuration);
        }
        layOut(rig, given);
        rig.control.privilege = given.privilege;
        rig.control.mstatus = given.mstatus;
        rig.control.hardwareAccessedDirty = given.svadu;
        rig.control.pageBasedMemoryTypes = given.svpbmt;
        rig.setSatp(satpOf(given));
        rig.hart.flush();
        rig.hart.select();
        const ram = rig.memory.read(RAM_BASE, RAM_BYTES) as Uint8Array;
        const wanted = expected(given, new DataView(ram.buffer));
        const result = rig.resolve(given.virtual, given.bytes, given.access);
        const names = { [PAGE_FAULT]: 'page fault', [ACCESS_FAULT]: 'access fault', [DEVICE]: 'device' };
        const name = names[wanted.result as keyof typeof names] ?? 'memory';
        seen.set(name, (seen.get(name) ?? 0) + 1);
        expect(result).toBe(wanted.result);
        // Beyond 2^53 there is nothing whose exact address matters.
        if (wanted.physical !== undefined && wanted.physical < 2n ** 53n) {
          expect(BigInt(rig.hart.physical)).toBe(wanted.physical);
        }
        expect(Buffer.compare(rig.memory.read(RAM_BASE, RAM_BYTES) as Uint8Array, ram)).toBe(0);
        if (given.access !== FETCH) {
          // What was entered into the TLB is what a walk gives.
          const tlb = given.access === READ ? 'read' : 'write';
          const payload = rig.lookUp(tlb, given.virtual);
          if (payload !== undefined) expect((Number(given.virtual & 0xffff_ffffn) + payload) % 2 ** 32).toBe(result);
          if (result < 0) expect(payload).toBeUndefined();
        }
      }),
      { numRuns: 20_000 },
    );
    // The generator reaches every outcome often.
    for (const name of ['page fault', 'access fault', 'device', 'memory']) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(1000);
    }
  });

  it('H6 ends with a fault in tables that point to themselves', () => {
    rig.memory.clear();
    rig.hart.pmp.reset();
    rig.hart.pmp.writeAddress(0, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(0, 0x1f);
    const pointer = (BigInt(RAM_BASE / 4096) << 10n) | 1n;
    for (let index = 0; index < 512; index += 1) rig.writeEntry(RAM_BASE + index * 8, pointer);
    Object.assign(rig.control, { privilege: 1, mstatus: 0 });
    for (const mode of [8n, 9n, 10n]) {
      rig.setSatp((mode << 60n) | BigInt(RAM_BASE / 4096));
      rig.hart.select();
      for (const virtual of [0n, 0x12345678n, 2n ** 64n - 8n]) {
        for (const access of [READ, WRITE, FETCH] as const) expect(rig.resolve(virtual, 4, access)).toBe(PAGE_FAULT);
      }
    }
  });

  it.each([
    ['registers of a device', 0x1000_0000n],
    ['the first page behind RAM', BigInt(RAM_BASE + RAM_BYTES)],
    ['the last page there can be', (1n << 56n) - 4096n],
    ['address 0', 0n],
  ])('H6 H7 ends with an access fault when its tables are in %s', (_where, table) => {
    rig.memory.clear();
    rig.hart.pmp.reset();
    rig.hart.pmp.writeAddress(0, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(0, 0x1f);
    Object.assign(rig.control, { privilege: 1, mstatus: 0, hardwareAccessedDirty: true });
    const pointer = ((table >> 12n) << 10n) | 1n;
    for (const mode of [8n, 9n, 10n]) {
      // The root itself, and then a table that the root points to.
      for (const root of [table, BigInt(RAM_BASE)]) {
        rig.writeEntry(RAM_BASE, pointer);
        rig.setSatp((mode << 60n) | (root >> 12n));
        rig.hart.select();
        for (const access of [READ, WRITE, FETCH] as const) expect(rig.resolve(0x10n, 4, access)).toBe(ACCESS_FAULT);
      }
    }
  });

  it('H6 faults at addresses that are not canonical, whatever the tables say', () => {
    rig.memory.clear();
    rig.hart.pmp.reset();
    rig.hart.pmp.writeAddress(0, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(0, 0x1f);
    Object.assign(rig.control, { privilege: 1, mstatus: 0 });
    // Leaves of the largest size everywhere: all that is canonical is RAM.
    const leaf = ((BigInt(RAM_BASE) >> 12n) << 10n) | 0xcfn;
    for (let index = 0; index < 512; index += 1) rig.writeEntry(RAM_BASE + index * 8, leaf & ~(0xfn << 10n));
    for (const [mode, bits] of [
      [8n, 39n],
      [9n, 48n],
      [10n, 57n],
    ] as const) {
      rig.setSatp((mode << 60n) | BigInt(RAM_BASE / 4096));
      rig.hart.select();
      for (const virtual of [1n << bits, 1n << (bits - 1n), 1n << 63n, (1n << 63n) | 8n, 2n ** 64n - (1n << bits)]) {
        for (const access of [READ, WRITE, FETCH] as const) expect(rig.resolve(virtual, 4, access)).toBe(PAGE_FAULT);
      }
    }
  });
});
