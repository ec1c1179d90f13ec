import { READ, WRITE } from '@vivarium/isa-riscv';
import { describe, expect, it } from 'vitest';
import { createMmu, type MmuRig, RAM_BASE } from './mmu-rig.ts';

const collected = ({ dirty }: MmuRig): readonly number[] => {
  const pages: number[] = [];
  dirty.collect((base) => pages.push(base));
  return pages;
};
const at = (page: number, offset = 0): number => RAM_BASE + page * 4096 + offset;
const write = (rig: MmuRig, page: number): number => rig.resolve(BigInt(at(page, 8)), 8, WRITE);

describe('the dirty log', () => {
  it('lists the pages that harts and devices wrote, once each, in ascending order', async () => {
    const rig = await createMmu();
    rig.dirty.start();
    write(rig, 9);
    write(rig, 3);
    write(rig, 9);
    rig.resolve(BigInt(at(5)), 8, READ);
    rig.memory.write(at(6, 4090), new Uint8Array(4096 + 20));
    expect(collected(rig)).toEqual([at(3), at(6), at(7), at(8), at(9)]);
    expect(collected(rig)).toEqual([]);
  });

  it('sees writes again after each collection, and those whose translation was cached before it began', async () => {
    const rig = await createMmu();
    write(rig, 3);
    expect(rig.lookUp('write', BigInt(at(3)))).toBeDefined();
    rig.dirty.start();
    expect(rig.lookUp('write', BigInt(at(3)))).toBeUndefined();
    write(rig, 3);
    expect(collected(rig)).toEqual([at(3)]);
    // The cached translation would have hidden the next write.
    expect(rig.lookUp('write', BigInt(at(3)))).toBeUndefined();
    write(rig, 3);
    expect(collected(rig)).toEqual([at(3)]);
  });

  it('sees the page tables in which a walk set A and D', async () => {
    const rig = await createMmu();
    // A 1 GiB page over RAM, in the root table in page 0, and writes go to page 4.
    rig.writeEntry(RAM_BASE + 2 * 8, (BigInt(RAM_BASE / 4096) << 10n) | 0x0fn);
    Object.assign(rig.control, { privilege: 1, hardwareAccessedDirty: true });
    rig.hart.pmp.writeAddress(0, (1n << 54n) - 1n);
    rig.hart.pmp.writeConfiguration(0, 0x1f);
    rig.setSatp((8n << 60n) | BigInt(RAM_BASE / 4096));
    rig.hart.select();
    rig.dirty.start();
    expect(write(rig, 4)).toBeGreaterThanOrEqual(0);
    expect(rig.readEntry(RAM_BASE + 2 * 8) & 0xc0n).toBe(0xc0n);
    expect(collected(rig)).toEqual([at(0), at(4)]);
    // The table is no code; once it is, the core has to hear of the change.
    expect(rig.codeChanges).toEqual([]);
    rig.code.add(at(0));
    rig.writeEntry(RAM_BASE + 2 * 8, (BigInt(RAM_BASE / 4096) << 10n) | 0x0fn);
    rig.hart.flush();
    rig.hart.select();
    expect(write(rig, 4)).toBeGreaterThanOrEqual(0);
    expect(rig.codeChanges).toEqual([RAM_BASE + 2 * 8]);
  });

  it('says nothing before start and after stop', async () => {
    const rig = await createMmu();
    write(rig, 1);
    rig.memory.write(at(2), Uint8Array.of(1));
    expect(collected(rig)).toEqual([]);
    rig.dirty.start();
    write(rig, 1);
    rig.dirty.stop();
    write(rig, 2);
    expect(collected(rig)).toEqual([]);
    rig.dirty.start();
    expect(collected(rig)).toEqual([]);
  });
});
