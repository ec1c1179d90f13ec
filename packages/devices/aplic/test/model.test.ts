import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelDomain } from './model.ts';
import { type Level, makeRig } from './rig.ts';

const SOURCES = 40;
const HARTS = 3;
const LEVELS: readonly Level[] = ['supervisor', 'machine'];

const swapped = (value: number): number => new DataView(new Uint32Array([value]).buffer).getUint32(0);

const source = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 2, arbitrary: fc.integer({ min: 33, max: SOURCES }) },
  fc.constantFrom(0, SOURCES + 1, 1023, 0x8000_0001, 0xffff_ffff),
);
const word = fc.record({
  number: fc.constantFrom(0, 0, 1, 2),
  bits: fc.oneof(fc.nat(0xffff_ffff), fc.constant(0x1fe)),
});
const target = fc
  .tuple(fc.nat(HARTS), fc.oneof(fc.nat(0x3_ffff), fc.nat(6)))
  .map(([hart, low]) => hart * 2 ** 18 + low);

type Act = (
  rig: ReturnType<typeof makeRig>,
  level: Level,
  model: Readonly<Record<Level, ModelDomain>>,
  wires: Set<number>,
) => void;
const act = <Value>(value: fc.Arbitrary<Value>, does: (value: Value) => Act): fc.Arbitrary<Act> => value.map(does);

/** Registers that take the number of a source, by offset. */
const byNumber = {
  0x1cdc: (domain: ModelDomain, number: number) => domain.set(number),
  0x1ddc: (domain: ModelDomain, number: number) => domain.clear(number),
  0x1edc: (domain: ModelDomain, number: number) => domain.enable(number, true),
  0x1fdc: (domain: ModelDomain, number: number) => domain.enable(number, false),
  0x2000: (domain: ModelDomain, number: number) => domain.set(number),
} as const;
/** Registers of which each bit stands for a source. */
const byBit = {
  0x1c00: byNumber[0x1cdc],
  0x1d00: byNumber[0x1ddc],
  0x1e00: byNumber[0x1edc],
  0x1f00: byNumber[0x1fdc],
} as const;
const offsets = <Key extends number>(table: Readonly<Record<Key, unknown>>): readonly Key[] =>
  Object.keys(table).map(Number) as Key[];

const steps: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: act(
      fc.tuple(fc.integer({ min: 1, max: SOURCES }), fc.boolean()),
      ([number, high]) =>
        (rig, _, model, wires) => {
          const changes = wires.has(number) !== high;
          if (high) wires.add(number);
          else wires.delete(number);
          rig.wire(number, high);
          if (changes) model.machine.wireChanged(number);
        },
    ),
  },
  {
    weight: 5,
    arbitrary: act(
      fc.tuple(source, fc.oneof(fc.nat(7), fc.constantFrom(0x400, 0x401, 0xffff_ffff, 8))),
      ([number, value]) =>
        (rig, level, model) => {
          if (number === 0 || number > 1023) return;
          rig.write(4 * number, value, level);
          model[level].configure(number, value);
        },
    ),
  },
  {
    weight: 5,
    arbitrary: act(
      fc.tuple(source, fc.constantFrom(...offsets(byNumber))),
      ([number, offset]) =>
        (rig, level, model) => {
          rig.write(offset, number, level);
          byNumber[offset](model[level], number);
        },
    ),
  },
  act(source, (number) => (rig, level, model) => {
    rig.write(0x2004, swapped(number), level);
    model[level].set(number);
  }),
  {
    weight: 4,
    arbitrary: act(
      fc.tuple(word, fc.constantFrom(...offsets(byBit))),
      ([{ number, bits }, offset]) =>
        (rig, level, model) => {
          rig.write(offset + 4 * number, bits, level);
          for (let bit = 0; bit < 32; bit += 1) {
            if (((bits >>> bit) & 1) === 1) byBit[offset](model[level], number * 32 + bit);
          }
        },
    ),
  },
  {
    weight: 4,
    arbitrary: act(fc.tuple(source, target), ([number, value]) => (rig, level, model) => {
      if (number === 0 || number > 1023) return;
      rig.write(0x3000 + 4 * number, value, level);
      model[level].setTarget(number, value);
    }),
  },
  {
    weight: 2,
    arbitrary: act(fc.constantFrom(0x100, 0x100, 0xffff_ffff, 0), (value) => (rig, level, model) => {
      rig.write(0, value, level);
      model[level].interruptEnable = (value & 0x100) !== 0;
    }),
  },
);

const agree = (actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`it read ${actual}, the model says ${expected}`);
};

/** Accesses to what only direct delivery has. */
const claims: fc.Arbitrary<Act> = fc.oneof(
  act(
    fc.tuple(fc.nat(HARTS), fc.constantFrom('delivery', 'force'), fc.nat(1)),
    ([hart, name, value]) =>
      (rig, level, model) => {
        rig.write(0x4000 + 32 * hart + (name === 'delivery' ? 0 : 4), value, level);
        const state = model[level].harts[hart];
        if (state !== undefined) state[name] = value === 1;
      },
  ),
  act(fc.tuple(fc.nat(HARTS), fc.oneof(fc.nat(6), fc.nat(0x1ff))), ([hart, value]) => (rig, level, model) => {
    rig.write(0x4008 + 32 * hart, value, level);
    const state = model[level].harts[hart];
    if (state !== undefined) state.threshold = value & 0xff;
  }),
  act(fc.nat(HARTS), (hart) => (rig, level, model) => {
    agree(rig.read(0x401c + 32 * hart, level), model[level].claim(hart));
  }),
);

/** An access to what only messages have. */
const extempore: fc.Arbitrary<Act> = act(target, (value) => (rig, level, model) => {
  rig.write(0x3000, value, level);
  model[level].sent.push({ level, hart: value >>> 18, identity: value & 0x7ff });
  agree(rig.read(0x3000, level), value & ~(0x3f << 12) & ~0x800);
});

const configure =
  (number: number, value: number, level: Level): Act =>
  (rig, _, model) => {
    rig.write(4 * number, value, level);
    model[level].configure(number, value);
  };

const bits = (count: number, has: (number: number) => boolean): number[] =>
  Array.from({ length: (count >> 5) + 1 }, (_, index) => {
    let value = 0;
    for (let bit = 0; bit < 32; bit += 1) if (index * 32 + bit <= count && has(index * 32 + bit)) value += 2 ** bit;
    return value;
  });

describe('an APLIC against the specification', () => {
  it.each([
    ['directly', false],
    ['by messages', true],
  ] as const)('agrees in every register and everything it delivers %s', (_name, messages) => {
    const own = fc.oneof({ weight: 4, arbitrary: steps }, messages ? extempore : claims);
    const step = fc.record({ does: own, level: fc.constantFrom(...LEVELS) });
    let delivered = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (list) => {
        const wires = new Set<number>();
        const rig = makeRig({ sources: SOURCES, harts: HARTS, messages });
        const machine = new ModelDomain('machine', messages, SOURCES, HARTS, wires);
        const supervisor = new ModelDomain('supervisor', messages, SOURCES, HARTS, wires, machine);
        machine.child = supervisor;
        const model = { machine, supervisor };
        // Starts where an operating system has begun to use it.
        const start = [1, 2, 3, 4, 5, 34, 35].flatMap((number, index): Act[] => [
          configure(number, 0x400, 'machine'),
          configure(number, [1, 4, 5, 6, 7][index % 5] ?? 0, 'supervisor'),
          (_, __, { supervisor: to }) => {
            rig.write(0x1edc, number);
            to.enable(number, true);
          },
        ]);
        const deliver: Act = (_, __, { supervisor: to }) => {
          rig.write(0, 0x100);
          to.interruptEnable = true;
          for (const [hart, state] of to.harts.entries()) {
            rig.write(0x4000 + 32 * hart, 1);
            state.delivery = true;
          }
        };
        for (const does of [...start, deliver]) does(rig, 'supervisor', model, wires);
        for (const each of [supervisor, machine]) each.deliver();
        for (const { does, level } of list) {
          does(rig, level, model, wires);
          for (const each of [supervisor, machine]) each.deliver();
          const sent = [...machine.sent.splice(0), ...supervisor.sent.splice(0)];
          expect(byLevel(rig.sent())).toEqual(byLevel(sent));
          delivered += messages ? sent.length : supervisor.told.filter(Boolean).length;
          for (const which of LEVELS) {
            const domain = model[which];
            const words = (offset: number) => [0, 1].map((index) => rig.read(offset + 4 * index, which));
            expect(words(0x1c00)).toEqual(bits(SOURCES, (number) => domain.sources[number]?.pending ?? false));
            expect(words(0x1d00)).toEqual(bits(SOURCES, (number) => domain.asserted(number)));
            expect(words(0x1e00)).toEqual(bits(SOURCES, (number) => domain.sources[number]?.enabled ?? false));
            expect(words(0x1f00)).toEqual([0, 0]);
            for (const number of [1, 2, 3, 6, 34, SOURCES]) {
              expect(rig.read(4 * number, which)).toBe(domain.config(number));
              expect(rig.read(0x3000 + 4 * number, which)).toBe(domain.target(number));
            }
            if (messages) continue;
            expect(rig.told(which)).toEqual(domain.told);
            for (let hart = 0; hart <= HARTS; hart += 1) {
              expect(rig.read(0x4018 + 32 * hart, which)).toBe(domain.topi(hart));
            }
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(delivered).toBeGreaterThan(1000);
  });
});

const byLevel = (messages: readonly { readonly level: Level }[]) =>
  LEVELS.map((level) => messages.filter((message) => message.level === level));
