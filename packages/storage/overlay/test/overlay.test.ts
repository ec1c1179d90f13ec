import { type BlockBackend, BlockBackendToken, bind, type HostFile } from '@vivarium/contracts';
import { FileDisk, memoryFile } from '@vivarium/host-file';
import { blockBackendSuite, fakeHostFile, seededRandom, setupPart } from '@vivarium/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { Overlay, storageOverlay, storageOverlayOptions } from '../src/index.ts';

const MEBIBYTE = 1024 * 1024;

/** After some turns of the queue. */
const later = async (turns: number): Promise<void> => {
  for (let left = turns; left >= 0; left--) await Promise.resolve();
};

/** A base that answers later, after a while that differs; or at once. */
const baseOf = (bytes: Uint8Array, deferred: boolean): BlockBackend => {
  const disk = new FileDisk(memoryFile({ bytes, readOnly: true }));
  const random = seededRandom(3);
  const forbidden = (): never => {
    throw new Error('the base is not to be changed');
  };
  return {
    capacity: disk.capacity,
    readOnly: true,
    deferred,
    read: (offset, into) =>
      deferred && random(4) > 0 ? later(random(4)).then(() => disk.read(offset, into)) : disk.read(offset, into),
    write: forbidden,
    flush: forbidden,
    discard: forbidden,
    writeZeroes: forbidden,
  };
};

const make = async (base: BlockBackend, options: unknown = {}) => {
  const { get, part } = await setupPart(storageOverlay, { options, provide: [bind(BlockBackendToken, base)] });
  return { backend: get(BlockBackendToken), dispose: () => part.dispose?.() };
};

describe.each([
  ['memory', false, (): HostFile | undefined => undefined],
  ['memory, over a base that answers later', true, (): HostFile | undefined => undefined],
  ['a file', true, (): HostFile | undefined => memoryFile({ bytes: new Uint8Array(MEBIBYTE).fill(0xee) })],
] as const)('an overlay in %s', (_where, deferred, upper) => {
  const suite = blockBackendSuite((content) => {
    const file = upper();
    return make(baseOf(content, deferred), file === undefined ? {} : { file });
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('an overlay', () => {
  it('holds what was written over what the base has, in whatever order', () => {
    const sectors = 35 * 32 + 5;
    const range = { at: fc.nat(sectors - 1), length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.nat(sectors)) };
    const action = fc.record({ kind: fc.constantFrom('write', 'write', 'zero', 'discard'), ...range });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), fc.boolean(), (actions, hasHoles) => {
        const content = new Uint8Array(sectors * 512).fill(0xba);
        const memory = memoryFile();
        const file: HostFile = hasHoles ? memory : fakeHostFile();
        const overlay = new Overlay({ base: baseOf(content, false), upper: file, limit: 16 * MEBIBYTE });
        for (const [index, { kind, at, length: wanted }] of actions.entries()) {
          const offset = at * 512;
          const length = Math.min(wanted, sectors - at) * 512;
          if (kind === 'write') {
            expect(overlay.write(offset, [new Uint8Array(length).fill(index + 1)])).toBeUndefined();
            content.fill(index + 1, offset, offset + length);
          } else if (kind === 'zero') {
            expect(overlay.writeZeroes(offset, length)).toBeUndefined();
            content.fill(0, offset, offset + length);
          } else {
            expect(overlay.discard(offset, length)).toBeUndefined();
            const found = new Uint8Array(length);
            expect(overlay.read(offset, [found])).toBeUndefined();
            // Anything that was there, or zeroes; never what the base had below something newer.
            for (let byte = 0; byte < length; byte += 512) {
              expect([0, content[offset + byte]]).toContain(found[byte]);
            }
            content.set(found, offset);
          }
        }
        const found = new Uint8Array(content.length);
        expect(overlay.read(0, [found])).toBeUndefined();
        expect(Buffer.compare(found, content)).toBe(0);
      }),
    );
  });

  it('is full at its limit, whatever the guest does, and has room again after a discard', async () => {
    const base: BlockBackend = {
      capacity: 2 ** 45,
      readOnly: true,
      deferred: false,
      read: () => undefined,
      write: () => 'unsupported',
      flush: () => undefined,
    };
    const upper = memoryFile();
    const overlay = new Overlay({ base, upper, limit: 4 * MEBIBYTE });
    const sector = new Uint8Array(512);
    // One sector in each leaf of the map is what costs most for what it holds.
    let written = 0;
    while (overlay.write(written * 16 * MEBIBYTE, [sector]) === undefined) written++;
    expect(written).toBe(Math.floor((4 * MEBIBYTE) / (16_384 + 8192)));
    expect(overlay.write(2 ** 44, [sector])).toBe('no-space');
    expect(upper.allocated).toBeLessThanOrEqual(4 * MEBIBYTE);
    // Zeroes in part of each leaf cost the leaf.
    let leaves = 0;
    while (overlay.writeZeroes(2 ** 44 + leaves * 16 * MEBIBYTE, 16_384) === undefined) leaves++;
    expect(leaves).toBeLessThanOrEqual(2);
    expect(overlay.discard(0, written * 16 * MEBIBYTE)).toBeUndefined();
    let zeroed = 0;
    while (overlay.writeZeroes(2 ** 43 + zeroed * 16 * MEBIBYTE, 16_384) === undefined) zeroed++;
    expect(zeroed).toBeGreaterThan(100);
    expect(zeroed).toBeLessThan(600);
    // As whole leaves they cost nearly nothing.
    expect(overlay.writeZeroes(2 ** 44, 2 ** 40)).toBeUndefined();
    expect(overlay.write(2 ** 44, [sector])).toBeUndefined();
  });

  it('gives slots out again without what was in them', () => {
    const overlay = new Overlay({
      base: baseOf(new Uint8Array(MEBIBYTE).fill(1), false),
      upper: fakeHostFile(),
      limit: MEBIBYTE,
    });
    overlay.write(0, [new Uint8Array(16_384).fill(2)]);
    overlay.discard(0, 16_384);
    overlay.discard(32_768, 16_384);
    overlay.write(32_768, [new Uint8Array(512).fill(3)]);
    overlay.write(65_536, [new Uint8Array(512).fill(4)]);
    const found = new Uint8Array(98_304);
    expect(overlay.read(0, [found])).toBeUndefined();
    const at = (offset: number): number => found[offset] ?? -1;
    expect([0, 16_384, 32_768, 33_280, 65_536, 66_048].map(at)).toEqual([0, 1, 3, 0, 4, 1]);
  });

  it('answers the faults of its file and of its base', async () => {
    const upper = fakeHostFile();
    const base = { ...baseOf(new Uint8Array(MEBIBYTE), true), read: () => Promise.resolve('io' as const) };
    const overlay = new Overlay({ base, upper, limit: MEBIBYTE });
    const sector = new Uint8Array(512);
    upper.fault = () => 'ENOSPC';
    expect(overlay.write(0, [sector])).toBe('no-space');
    upper.fault = undefined;
    expect(overlay.write(0, [sector])).toBeUndefined();
    expect(await overlay.read(0, [new Uint8Array(1024)])).toBe('io');
    expect(await overlay.read(0, [sector])).toBeUndefined();
    upper.readFault = () => 'EIO';
    expect(await overlay.read(0, [sector])).toBe('io');
    const rejecting = new Overlay({ base: { ...base, read: () => Promise.reject(new Error('x')) }, upper, limit: 0 });
    expect(await rejecting.read(512, [sector])).toBe('io');
  });
});

describe('options of the overlay', () => {
  it('have defaults', () => {
    expect(plugin).toBe(storageOverlay);
    expect(storageOverlayOptions.parse(undefined)).toEqual({ limit: 1024 * MEBIBYTE });
  });
  it.each([{ file: 'scratch' }, { file: memoryFile({ readOnly: true }) }, { limit: -1 }, { base: memoryFile() }])(
    'refuse %o',
    (options) => expect(storageOverlayOptions.safeParse(options).success).toBe(false),
  );
});
