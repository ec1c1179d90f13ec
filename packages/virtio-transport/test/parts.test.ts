import type { GuestMemory } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ringFeatures } from '../src/index.ts';
import { QueueRegisters } from '../src/queue-setup.ts';
import { Request } from '../src/request.ts';
import { passed } from '../src/ring.ts';

const BASE = 0x8000_0000;
const SIZE = 0x1_0000;

const memory = (): GuestMemory & { readonly bytes: Uint8Array; readonly told: [number, number][] } => {
  const bytes = new Uint8Array(SIZE);
  const told: [number, number][] = [];
  const view = (address: number, length: number) =>
    address >= BASE && address + length <= BASE + SIZE
      ? bytes.subarray(address - BASE, address - BASE + length)
      : undefined;
  return {
    bytes,
    told,
    banks: [{ base: BASE, length: SIZE, offset: 0 }],
    view,
    writableView: (address, length) => {
      told.push([address, length]);
      return view(address, length);
    },
    read: (address, length) => view(address, length)?.slice(),
    write: (address, from) => view(address, from.length)?.set(from) !== undefined,
  };
};

describe('event indices', () => {
  it('are passed exactly when the steps from old to now go over them', () => {
    const index = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(index, index, fc.integer({ min: 0, max: 300 }), (event, old, steps) => {
        const crossed = Array.from({ length: steps }, (_, step) => (old + step) & 0xffff).includes(event);
        expect(passed(event, (old + steps) & 0xffff, old)).toBe(crossed);
      }),
    );
  });
});

describe('a request', () => {
  const pieces = fc.array(fc.record({ gap: fc.nat(9), length: fc.nat(50) }), { maxLength: 6 });

  it('is one run of bytes however it was cut', () => {
    fc.assert(
      fc.property(pieces, fc.nat(200), fc.nat(200), (cut, offset, length) => {
        const ram = memory();
        for (let at = 0; at < SIZE; at++) ram.bytes[at] = at * 31;
        const request = new Request(0, { memory: ram });
        let at = BASE;
        const whole: number[] = [];
        for (const { gap, length: bytes } of cut) {
          at += gap;
          expect(request.add(ram, at, bytes, false)).toBeUndefined();
          whole.push(...ram.bytes.subarray(at - BASE, at - BASE + bytes));
          at += bytes;
        }
        expect([...request.read(offset, length)]).toEqual(whole.slice(offset, offset + length));
      }),
    );
  });

  it('tells the cores of exactly what it writes', () => {
    const ram = memory();
    const request = new Request(0, { memory: ram });
    request.add(ram, BASE, 16, true);
    request.add(ram, BASE + 0x100, 16, true);
    expect(request.write(10, new Uint8Array(20).fill(7))).toBe(20);
    expect(ram.told).toEqual([
      [BASE + 10, 6],
      [BASE + 0x100, 14],
    ]);
  });

  it('gives nothing at odd offsets and lengths', () => {
    const ram = memory();
    const request = new Request(0, { memory: ram });
    request.add(ram, BASE, 16, false);
    for (const [offset, length] of [
      [-1, 4],
      [Number.NaN, 4],
      [16, 1],
      [0, 0],
      [0, -1],
      [0, Number.NaN],
    ] as const) {
      expect(request.readable(offset, length)).toEqual([]);
    }
  });
});

describe('queue registers', () => {
  const registers = (place: { size: number; descriptors: number; driver: number; device: number }) => {
    const queue = new QueueRegisters(256);
    queue.size = place.size;
    for (const name of ['descriptors', 'driver', 'device'] as const) {
      queue[name].low = place[name] % 2 ** 32;
      queue[name].high = Math.floor(place[name] / 2 ** 32);
    }
    return queue;
  };
  const good = { size: 16, descriptors: BASE, driver: BASE + 0x1000, device: BASE + 0x2000 };

  it('give a layout for rings in RAM, and for no others', () => {
    expect(registers(good).layout(memory(), 'split')).toEqual(good);
    for (const wrong of [{ size: 0 }, { size: 3 }, { size: 512 }, { descriptors: BASE + 8 }, { device: BASE + 0x80 }]) {
      expect(registers({ ...good, ...wrong }).layout(memory(), 'split')).toBeUndefined();
    }
    expect(registers({ ...good, driver: 2 ** 60 }).layout(memory(), 'split')).toBeUndefined();
  });

  it('allow packed rings of any size', () => {
    expect(registers({ ...good, size: 3 }).layout(memory(), 'packed')).toMatchObject({ size: 3 });
  });
});

describe('ring features', () => {
  it('are those of the specification', () => {
    expect(ringFeatures({})).toBe((1n << 32n) | (1n << 29n) | (1n << 28n));
    expect(ringFeatures({ indirect: false, eventIndex: false, packed: true, inOrder: true })).toBe(
      (1n << 32n) | (1n << 34n) | (1n << 35n),
    );
  });
});
