import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRig } from './rig.ts';

/** The specification with sets of identities in place of bitmaps. */
class Model {
  readonly pending = new Set<number>();
  readonly enabled = new Set<number>();
  readonly #identities: number;
  delivery = 0;
  threshold = 0;

  constructor(identities: number) {
    this.#identities = identities;
  }

  get top(): number {
    const both = [...this.pending].filter(
      (identity) => this.enabled.has(identity) && (this.threshold === 0 || identity < this.threshold),
    );
    return Math.min(...both, Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY ? 0 : Math.min(...both);
  }

  send(identity: number): void {
    if (identity >= 1 && identity <= this.#identities) this.pending.add(identity);
  }

  word(of: Set<number>, number: number): number {
    return [...of]
      .filter((identity) => identity >> 5 === number)
      .reduce((bits, identity) => bits + 2 ** (identity & 31), 0);
  }

  setWord(of: Set<number>, number: number, value: number): void {
    for (let bit = 0; bit < 32; bit += 1) {
      const identity = number * 32 + bit;
      if (identity < 1 || identity > this.#identities) continue;
      if (((value >>> bit) & 1) === 1) of.add(identity);
      else of.delete(identity);
    }
  }
}

const swapped = (value: number): number => new DataView(new Uint32Array([value]).buffer).getUint32(0);

describe('an interrupt file against the specification', () => {
  it.each([63, 191, 255, 2047])('agrees in every answer and notification, with %i identities', async (identities) => {
    // Most numbers are near, some are far beyond what is there.
    const identity = fc.oneof(fc.nat(identities + 2), fc.nat(70), fc.nat(0xffff_ffff));
    const word = fc.nat(63);
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constantFrom('le', 'be', 'send'), a: identity, b: fc.constant(0) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constantFrom('pending', 'enabled'), a: word, b: fc.nat(0xffff_ffff) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim'), a: fc.constant(0), b: fc.constant(0) }) },
      fc.record({ kind: fc.constantFrom('delivery'), a: fc.nat(1), b: fc.constant(0) }),
      fc.record({ kind: fc.constant('threshold'), a: fc.nat(identities), b: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
        const rig = await makeRig({ identities }, 1);
        const model = new Model(identities);
        const file = rig.file();
        for (const { kind, a, b } of [{ kind: 'delivery', a: 1, b: 0 }, ...steps]) {
          if (kind === 'le') rig.page(0, 0, 4, a);
          if (kind === 'be') rig.page(0, 4, 4, swapped(a));
          if (kind === 'send') rig.files.send('supervisor', 0, a);
          if (kind === 'le' || kind === 'be' || kind === 'send') model.send(a);
          if (kind === 'claim') {
            const { top } = model;
            expect(file.top).toBe(top);
            model.pending.delete(top);
            expect(file.claim()).toBe(top);
          }
          if (kind === 'delivery') {
            model.delivery = a;
            file.write(0x70, a);
          }
          if (kind === 'threshold') {
            model.threshold = a;
            file.write(0x72, a);
          }
          if (kind === 'pending' || kind === 'enabled') {
            file.write((kind === 'pending' ? 0x80 : 0xc0) + a, b);
            model.setWord(model[kind], a, b);
            expect(file.read(0x80 + a)).toBe(model.word(model.pending, a));
            expect(file.read(0xc0 + a)).toBe(model.word(model.enabled, a));
          }
          expect(file.top).toBe(model.top);
          expect(rig.level()).toBe(model.delivery === 1 && model.top !== 0);
          expect([file.read(0x70), file.read(0x72)]).toEqual([model.delivery, model.threshold]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('ignores every other access to its page', async () => {
    const rig = await makeRig({}, 2);
    const file = rig.file();
    for (let word = 0; word < 8; word += 1) file.write(0xc0 + word, 0xffff_ffff);
    const access = fc.record({
      offset: fc.oneof(fc.nat(16), fc.nat(0x1fff)),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.nat(0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(access), (accesses) => {
        for (const { offset, width, value } of accesses) {
          const aligned = offset - (offset % width);
          const isRegister = width === 4 && (aligned % 0x1000 === 0 || aligned % 0x1000 === 4);
          if (isRegister) continue;
          rig.page(0, aligned, width, value);
          for (const region of rig.regions) expect(region.read(aligned, width)).toBe(0);
        }
        rig.regions[0]?.write64?.(0, 5n);
        expect(rig.regions[0]?.read64?.(0)).toBe(0n);
        expect([file.top, rig.file(1).top]).toEqual([0, 0]);
      }),
    );
  });

  it('reads zero and takes nothing where no register is', async () => {
    const { file } = await makeRig();
    const registers = [
      0x71,
      ...Array.from({ length: 13 }, (_, index) => 0x73 + index),
      0x88,
      0xbf,
      0xc8,
      0xff,
      0x6f,
      0x100,
    ];
    for (const register of registers) {
      file().write(register, 0xffff_ffff);
      expect([register, file().read(register)]).toEqual([register, 0]);
    }
    // Delivery past the file is an option that is not here.
    file().write(0x70, 0x4000_0000);
    expect(file().read(0x70)).toBe(0);
  });
});
