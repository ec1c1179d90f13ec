import { ACCESS_FAULT, FETCH, READ, WRITE } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  ALL,
  ENTRIES,
  Machine,
  NAPOT_PAGES,
  operation,
  PAGES,
  RAM_BYTES,
  rootOf,
  SMALL_PAGES,
  SUPERPAGE_PAGES,
} from './machine-model.ts';
import { createMmu, RAM_BASE } from './mmu-rig.ts';

const USER_PAGE = ALL | ENTRIES.U;

describe('the TLB', () => {
  it('agrees with a fresh walk after any changes that were followed by their fences', async () => {
    const rig = await createMmu(RAM_BYTES);
    let hits = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 60 }), (operations) => {
        const machine = new Machine(rig);
        for (const step of operations) {
          machine.run(step);
          machine.check();
        }
        hits += machine.hits;
      }),
      { numRuns: 1000 },
    );
    expect(hits).toBeGreaterThan(500);
  });

  it('answers a second access without a walk, until the page is flushed', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
    machine.access(1, READ, 0);
    machine.access(1, WRITE, 0);
    expect(rig.lookUp('read', addressOf(1))).toBeDefined();
    expect(rig.lookUp('write', addressOf(1))).toBeDefined();
    // Reading enters nothing into the TLB for writes, and page 17 shares the entry but not the tag.
    expect(rig.lookUp('read', addressOf(17))).toBeUndefined();
    rig.hart.flushPage(0x1000, 0);
    rig.hart.select();
    expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
    expect(rig.lookUp('write', addressOf(1))).toBeUndefined();
  });

  it('keeps the translations of address spaces apart, and finds them again', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    const switchTo = (space: number): void => machine.run({ kind: 'space', space, asid: 0, bare: false });
    for (const space of [0, 1])
      for (const page of [1, 5]) machine.map(space, page, 0x200 + space * 0x40 + page, USER_PAGE);
    machine.run({ kind: 'mode', privilege: 0, mstatus: 0 });
    const first = machine.access(1, READ, 0);
    const { context } = rig.hart;
    switchTo(1);
    expect(rig.hart.context).not.toBe(context);
    expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
    expect(machine.access(5, READ, 0)).not.toBe(first);
    switchTo(0);
    expect(rig.hart.context).toBe(context);
    expect(rig.lookUp('read', addressOf(1))).toBeDefined();
    // A fence for another ASID leaves this one alone; one for its own does not.
    rig.hart.flushSpace(1);
    rig.hart.select();
    expect(rig.lookUp('read', addressOf(1))).toBeDefined();
    rig.hart.flushSpace(0);
    rig.hart.select();
    expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
  });

  it('keeps global translations of the supervisor through a switch of address spaces, and no others', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    machine.map(0, 1, 0x201, ALL | ENTRIES.G);
    machine.access(1, READ, 0);
    machine.access(1, WRITE, 0);
    machine.access(5, READ, 0);
    machine.access(5, WRITE, 0);
    const { context } = rig.hart;
    machine.run({ kind: 'space', space: 1, asid: 0, bare: false });
    expect(rig.hart.context).toBe(context);
    for (const tlb of ['read', 'write'] as const) {
      expect(rig.lookUp(tlb, addressOf(1))).toBeDefined();
      expect(rig.lookUp(tlb, addressOf(5))).toBeUndefined();
    }
    // sfence.vma without an ASID is for global mappings, too.
    rig.hart.flush();
    rig.hart.select();
    expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
  });

  it('forgets all of a superpage when one of its addresses is flushed', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    for (const number of SUPERPAGE_PAGES) machine.access(number, READ, 0);
    for (const number of NAPOT_PAGES) machine.access(number, READ, 0);
    rig.hart.flushPage(700 * 4096, 0);
    rig.hart.select();
    for (const number of SUPERPAGE_PAGES) expect(rig.lookUp('read', addressOf(number))).toBeUndefined();
  });

  it('numbers contexts from 1 to 4095, and an old number never brings back an old translation', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    const seen = new Set<number>();
    for (let round = 0; round < 9000; round += 1) {
      // An entry in another place each round, so that none is overwritten for long.
      machine.access(PAGES[round % 3], round % 2 === 0 ? READ : WRITE, 0);
      // One number is taken, or two: so each of them is in force some time.
      if (round % 7 === 0) rig.hart.flushSpace(0);
      else rig.hart.flush();
      rig.hart.select();
      for (const context of [rig.hart.userContext, rig.hart.supervisorContext]) seen.add(context);
      for (const number of SMALL_PAGES) {
        expect(rig.lookUp('read', addressOf(number))).toBeUndefined();
        expect(rig.lookUp('write', addressOf(number))).toBeUndefined();
      }
    }
    expect(Math.min(...seen)).toBe(1);
    expect(Math.max(...seen)).toBe(4095);
    expect(seen.size).toBe(4095);
  });

  it('has forgotten what is left of a context when its number comes round again', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    machine.access(5, READ, 0);
    machine.access(5, WRITE, 0);
    // Nothing touches the entry from here on, and every number is given out twice.
    for (let round = 0; round < 2 * 4095; round += 1) {
      rig.hart.flush();
      rig.hart.select();
      expect(rig.lookUp('read', addressOf(5))).toBeUndefined();
      expect(rig.lookUp('write', addressOf(5))).toBeUndefined();
    }
  });

  it('has no entry for stores to pages that hold code, from when they do', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    const physical = RAM_BASE + machine.access(1, WRITE, 0) - rig.memory.banks[0].offset;
    expect(rig.lookUp('write', addressOf(1))).toBeDefined();
    rig.code.add(physical);
    rig.hart.flushWrites();
    expect(rig.lookUp('write', addressOf(1))).toBeUndefined();
    machine.access(1, WRITE, 0);
    expect(rig.lookUp('write', addressOf(1))).toBeUndefined();
    machine.access(1, READ, 0);
    expect(rig.lookUp('read', addressOf(1))).toBeDefined();
  });

  it('remembers more address spaces than it keeps, without mixing them up', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    const contexts = new Map<number, number>();
    for (let asid = 0; asid < 100; asid += 1) {
      rig.setSatp((8n << 60n) | (BigInt(asid) << 44n) | BigInt(rootOf(0) / 4096));
      rig.hart.select();
      expect([...contexts.values()]).not.toContain(rig.hart.userContext);
      contexts.set(asid, rig.hart.userContext);
      expect(rig.lookUp('read', addressOf(1))).toBeUndefined();
      machine.access(1, READ, 0);
    }
  });

  it('has no entry for pages that PMP splits', async () => {
    const machine = new Machine(await createMmu(RAM_BYTES));
    const { rig } = machine;
    const target = machine.access(1, READ, 0) - rig.memory.banks[0].offset + RAM_BASE;
    rig.hart.pmp.writeAddress(1, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(1, 0x1f);
    rig.hart.pmp.writeAddress(0, BigInt((target + 64) / 4));
    rig.hart.pmp.writeConfiguration(0, 0x10);
    rig.hart.select();
    expect(rig.resolve(0x1000n, 8, READ)).toBeGreaterThan(0);
    expect(rig.resolve(0x1040n, 4, READ)).toBe(ACCESS_FAULT);
    expect(rig.resolve(0x1044n, 4, READ)).toBeGreaterThan(0);
    expect(rig.lookUp('read', 0x1000n)).toBeUndefined();
    expect(rig.resolve(0x1000n, 4, FETCH)).toBeGreaterThan(0);
    expect(rig.hart.uniform).toBe(false);
  });
});
