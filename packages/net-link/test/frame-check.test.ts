import { finishFrame, frameOf } from '@vivarium/net-packet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropCounter, frameProblem, readOffload } from '../src/index.ts';

describe('checks of frames', () => {
  it.each([
    [frameOf(new Uint8Array(13)), 'short'],
    [{ pieces: [new Uint8Array(20)], length: 30 }, 'short'],
    [{ pieces: [new Uint8Array(20)], length: Number.NaN }, 'short'],
    [frameOf(new Uint8Array(14)), undefined],
    [frameOf(new Uint8Array(1518)), undefined],
    [frameOf(new Uint8Array(1519)), 'oversize'],
    [
      { ...frameOf(new Uint8Array(60_000)), offload: { segment: { protocol: 'tcp4', size: 1460, headerLength: 54 } } },
      undefined,
    ],
  ] as const)('%# says %s', (frame, problem) => expect(frameProblem(frame, 1500)).toBe(problem));

  it.each([
    [undefined, undefined],
    [{}, {}],
    [{ checksum: { start: 14, offset: 16 } }, { checksum: { start: 14, offset: 16 } }],
    [{ checksum: { start: 90, offset: 9 } }, 'nonsense'],
    [{ checksum: { start: -1, offset: 9 } }, 'nonsense'],
    [{ checksum: { start: 0.5, offset: 9 } }, 'nonsense'],
    [{ checksum: null }, 'nonsense'],
    [{ segment: { protocol: 'udp', size: 1, headerLength: 1 } }, 'nonsense'],
    [{ segment: { protocol: 'tcp4', size: 0, headerLength: 1 } }, 'nonsense'],
    [{ segment: { protocol: 'tcp6', size: 9, headerLength: 101 } }, 'nonsense'],
    [7, 'nonsense'],
    [null, 'nonsense'],
  ])('reads the offload %j of a frame of 100 bytes as %j', (value, expected) =>
    expect(readOffload(value, 100)).toEqual(expected),
  );

  it('reads from anything only what can be finished without an exception', () => {
    const number = fc.oneof(fc.integer({ min: -2, max: 102 }), fc.double(), fc.constant(undefined));
    const value = fc.record(
      {
        checksum: fc.oneof(fc.anything(), fc.record({ start: number, offset: number })),
        segment: fc.record({ protocol: fc.constantFrom('tcp4', 'tcp6', 1), size: number, headerLength: number }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), value), (offload) => {
        const read = readOffload(offload, 100);
        if (read === 'nonsense' || read === undefined) return;
        const { start = 0, offset: at = 0 } = read.checksum ?? {};
        expect(start + at + 2).toBeLessThanOrEqual(100);
        expect(() => finishFrame({ ...frameOf(new Uint8Array(100)), offload: read })).not.toThrow();
      }),
    );
  });

  it('counts drops by reason', () => {
    const drops = new DropCounter<'a' | 'b'>();
    drops.add('a');
    drops.add('a', 2);
    drops.add('b', 0);
    expect(drops.read()).toEqual({ a: 3 });
  });
});
