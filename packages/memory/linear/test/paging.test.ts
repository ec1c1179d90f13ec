import { PAGE_ABSENT, PAGE_ACCESSED, PAGE_IDLE, type PageKeeper } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GiveBack, LinearMachineMemory, type PagedRam } from '../src/index.ts';

const PAGE = 4096;
const PAGES = 24;
const BASE = 0x8000_0000;
const LOW = 0x1000;

/** Gives nothing back, but leaves what a real one leaves: zeroes. */
const erase =
  (memory: WebAssembly.Memory): GiveBack =>
  (offset, bytes) => {
    new Uint8Array(memory.buffer, offset, bytes).fill(0);
    return true;
  };

interface Paged {
  readonly memory: LinearMachineMemory;
  readonly paging: PagedRam;
  readonly kept: Map<number, Uint8Array>;
  readonly pages: readonly number[];
  /** Takes those of the pages that can be taken. */
  take(pages: readonly number[]): void;
}

const create = (giveBack: (memory: WebAssembly.Memory) => GiveBack | undefined = erase): Paged => {
  const banks = [
    { base: BASE, size: (PAGES - 4) * PAGE },
    { base: LOW, size: 4 * PAGE },
  ];
  const memory = new LinearMachineMemory({ banks, privateBytes: 64 * 1024, shared: false }, giveBack);
  const { paging } = memory;
  if (paging === undefined) throw new Error('no paging');
  const kept = new Map<number, Uint8Array>();
  const keeper: PageKeeper = {
    restore: (page, into) => {
      const bytes = kept.get(page);
      if (bytes === undefined) into.fill(0);
      else into.set(bytes);
      kept.delete(page);
    },
    clear: () => kept.clear(),
  };
  paging.keep(keeper);
  return {
    memory,
    paging,
    kept,
    pages: memory.banks.flatMap(({ offset, length }) =>
      Array.from({ length: length / PAGE }, (_, index) => offset / PAGE + index),
    ),
    take: (pages) => {
      for (const page of pages) {
        if (!paging.takable(page)) continue;
        kept.set(page, paging.peek(page).slice());
        paging.take(page, 1);
      }
    },
  };
};

type Step =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'read'; readonly at: number; readonly length: number }
  | { readonly kind: 'take'; readonly pages: readonly number[] }
  | { readonly kind: 'window' }
  | { readonly kind: 'clear' };

/** Offsets into the two banks, one behind the other. */
const at = fc.integer({ min: 0, max: PAGES * PAGE - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      at,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('read' as const), at, length: fc.integer({ min: 1, max: 9000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('take' as const), pages: fc.array(fc.nat(PAGES - 1)) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'window' as const }) },
  fc.constant({ kind: 'clear' as const }),
);

const SPLIT = (PAGES - 4) * PAGE;
const addressOf = (offset: number): number => (offset < SPLIT ? BASE + offset : LOW + offset - SPLIT);
/** As much of a range as lies in one bank. */
const within = (offset: number, length: number): number =>
  Math.min(length, (offset < SPLIT ? SPLIT : PAGES * PAGE) - offset);

describe('RAM of which pages are taken', () => {
  it('is like RAM of which none is', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { memory, paging, pages, take } = create();
        const model = new Uint8Array(PAGES * PAGE);
        for (const one of steps) {
          if (one.kind === 'write') {
            const bytes = one.bytes.subarray(0, within(one.at, one.bytes.length));
            memory.write(addressOf(one.at), bytes);
            model.set(bytes, one.at);
          } else if (one.kind === 'read') {
            const length = within(one.at, one.length);
            expect(memory.read(addressOf(one.at), length)).toEqual(model.slice(one.at, one.at + length));
          } else if (one.kind === 'take') take(one.pages.map((index) => pages[index]));
          else if (one.kind === 'window') paging.beginWindow();
          else {
            memory.clear();
            model.fill(0);
          }
          const states = pages.map((page) => paging.states[page]);
          expect(paging.accessed).toBe(states.filter((state) => state === PAGE_ACCESSED).length);
          expect(paging.idle).toBe(states.filter((state) => state === PAGE_IDLE).length);
        }
        expect(memory.read(BASE, SPLIT)).toEqual(model.slice(0, SPLIT));
        expect(memory.read(LOW, PAGES * PAGE - SPLIT)).toEqual(model.slice(SPLIT));
      }),
    );
  });

  it('has no memory behind it before it is touched', () => {
    const { memory, paging, pages } = create();
    expect(pages.every((page) => paging.states[page] === PAGE_ABSENT)).toBe(true);
    memory.write(BASE + PAGE - 1, Uint8Array.of(1, 2));
    expect(paging.accessed).toBe(2);
  });

  it('is absent while only its keeper knows it, and idle when nobody looked in this window', () => {
    const { memory, paging, pages, take } = create();
    memory.write(BASE, Uint8Array.of(7));
    paging.beginWindow();
    expect(paging.idle).toBe(1);
    take(pages);
    expect(paging.idle + paging.accessed).toBe(0);
    expect(memory.read(BASE, 1)).toEqual(Uint8Array.of(7));
  });

  it('keeps pages of which a device keeps a view', () => {
    const { memory, paging, pages, take } = create();
    const view = memory.writableView(BASE + 10, PAGE);
    memory.pin?.(BASE + 10, PAGE);
    paging.beginWindow();
    take(pages);
    view?.fill(5);
    expect(memory.read(BASE + 9, 3)).toEqual(Uint8Array.of(0, 5, 5));
    memory.unpin?.(BASE + 10, PAGE);
    paging.beginWindow();
    expect(paging.takable(pages[0])).toBe(true);
  });

  it('is no RAM to devices where its keeper fails, and throws to cores', () => {
    const { memory, paging, pages, take } = create();
    memory.write(BASE, Uint8Array.of(7));
    paging.beginWindow();
    take(pages);
    paging.keep({
      restore: () => {
        throw new Error('the disk is broken');
      },
      clear: () => {},
    });
    expect(memory.view(BASE, 1)).toBeUndefined();
    expect(memory.write(BASE, Uint8Array.of(1))).toBe(false);
    expect(() => paging.bring(pages[0])).toThrow('the disk is broken');
    expect(paging.states[pages[0]]).toBe(PAGE_ABSENT);
  });

  it('is in as many pieces as neighbours differ', () => {
    const { memory, paging, pages } = create();
    memory.write(BASE, new Uint8Array(10 * PAGE).fill(1));
    paging.beginWindow();
    const [first] = pages;
    for (const page of [0, 2, 4]) paging.take(first + page, 1);
    expect(paging.mappings).toBe(7);
    paging.take(first + 1, 1);
    paging.take(first + 3, 1);
    expect(paging.mappings).toBe(7);
    memory.write(BASE, new Uint8Array(10 * PAGE).fill(1));
    paging.beginWindow();
    paging.take(first, 8);
    expect(paging.mappings).toBe(3);
  });
});

describe('memory that cannot be given back', () => {
  it('has no paging', () => {
    const memory = new LinearMachineMemory(
      { banks: [{ base: BASE, size: PAGE }], privateBytes: 65_536, shared: false },
      () => undefined,
    );
    expect(memory.paging).toBeUndefined();
    expect(memory.pin).toBeUndefined();
  });
});
