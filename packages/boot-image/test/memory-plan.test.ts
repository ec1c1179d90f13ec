import type { GuestMemory } from '@vivarium/contracts';
import { isVivariumError } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadProgram, MemoryPlan, placeHandOver, placeProgram, readElf } from '../src/index.ts';
import { elfFile } from './image-bytes.ts';
import { outcome } from './outcome.ts';

const MIB = 1024 * 1024;
const RAM = 0x8000_0000;
const bank = (length: number) => [{ base: RAM, length }];

const linux = (mebibytes: number) => ({
  kind: 'linux-image' as const,
  name: 'vmlinux',
  bytes: new Uint8Array(64),
  textOffset: 2 * MIB,
  memoryLength: mebibytes * MIB,
});

const boot = (memory: number, kernel: number, initrd?: number) => {
  const plan = new MemoryPlan(bank(memory));
  const program = placeProgram(plan, linux(kernel));
  const handOver = placeHandOver(
    plan,
    initrd === undefined ? undefined : { name: 'initrd', bytes: new Uint8Array(initrd) },
  );
  return { plan, program, handOver };
};

describe('MemoryPlan', () => {
  it('puts a Linux Image at its text offset, the tree at the top, the initrd below it', () => {
    const { program, handOver } = boot(256 * MIB, 31, 10_000_001);
    expect(program.entry).toBe(RAM + 2 * MIB);
    expect(handOver.deviceTree).toBe(RAM + 254 * MIB);
    expect(handOver.initrd).toEqual({ base: RAM + 254 * MIB - 10_002_432, length: 10_000_001 });
  });

  it('stays below 3 GiB in a large machine, as QEMU does', () => {
    const { handOver } = boot(3584 * MIB, 31, 4096);
    expect(handOver.deviceTree).toBe(0xc000_0000 - 2 * MIB);
  });

  it('says how much memory a boot needs, and that much is enough', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 100 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(40 * MIB),
        (memory, kernel, initrd) => {
          let needed = memory * MIB;
          for (let tries = 0; tries < 4; tries += 1) {
            try {
              const { plan } = boot(needed, kernel, initrd);
              const ranges = plan.ranges.toSorted((left, right) => left.base - right.base);
              for (const [index, range] of ranges.entries()) {
                const next = ranges[index + 1]?.base ?? RAM + needed;
                expect(range.base).toBeGreaterThanOrEqual(RAM);
                expect(range.base + range.length).toBeLessThanOrEqual(next);
              }
              return;
            } catch (error) {
              expect(isVivariumError(error) && error.code).toBe('VIV_IMAGE_MEMORY_TOO_SMALL');
              const more = (error as { details: { needed: number } }).details.needed;
              expect(more).toBeGreaterThan(needed);
              needed = more;
            }
          }
          // Kernel, tree and initrd are refused one after the other, each at most once.
          throw new Error('never fits');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('H9 names what does not fit', () => {
    expect(() => boot(16 * MIB, 31)).toThrow(/vmlinux \(31 MiB\) does not fit into 16 MiB of RAM/);
    expect(() => boot(40 * MIB, 31, 20 * MIB)).toThrow(/initrd \(20 MiB\) does not fit .* beside vmlinux \(31 MiB\)/);
  });

  it('H9 refuses overlaps, places outside of RAM, and a machine without RAM', () => {
    const plan = new MemoryPlan(bank(16 * MIB));
    plan.claim({ name: 'a', base: RAM, length: 4096 });
    expect(outcome(() => plan.claim({ name: 'b', base: RAM + 4095, length: 1 }))).toBe('VIV_IMAGE_OVERLAP');
    expect(outcome(() => plan.claim({ name: 'b', base: 0x1000, length: 1 }))).toBe('VIV_IMAGE_OUTSIDE_MEMORY');
    expect(outcome(() => new MemoryPlan([]).main)).toBe('VIV_IMAGE_MEMORY_TOO_SMALL');
  });

  it('goes around what lies at the top', () => {
    const plan = new MemoryPlan(bank(64 * MIB));
    plan.claim({ name: 'top', base: RAM + 63 * MIB, length: MIB });
    expect(placeHandOver(plan, undefined).deviceTree).toBe(RAM + 60 * MIB);
  });
});

describe('loadProgram', () => {
  const memory = (bytes: Uint8Array): GuestMemory => {
    const view = (address: number, length: number) =>
      address >= RAM && address + length <= RAM + bytes.length
        ? bytes.subarray(address - RAM, address - RAM + length)
        : undefined;
    return {
      banks: [{ base: RAM, length: bytes.length, offset: 0 }],
      view,
      writableView: view,
      write: () => false,
      read: view,
    };
  };

  it('writes bytes and zeros what is behind them', () => {
    const ram = new Uint8Array(64).fill(0xaa);
    const elf = readElf({
      name: 'x',
      bytes: elfFile([{ physical: BigInt(RAM + 8), bytes: new Uint8Array([1, 2]), memory: 4n }]),
    });
    const plan = new MemoryPlan(bank(64));
    expect(loadProgram(memory(ram), placeProgram(plan, elf))).toBe(true);
    expect(ram.subarray(7, 13)).toEqual(new Uint8Array([0xaa, 1, 2, 0, 0, 0xaa]));
    expect(loadProgram(memory(new Uint8Array(4)), placeProgram(new MemoryPlan(bank(64)), elf))).toBe(false);
  });
});
