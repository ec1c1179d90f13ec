import { PAGE_BYTES } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { bytesOf, type MemoryAnswer, type MemoryReport, numbersIn } from '../../src/memory/acts.ts';
import { pageHash } from '../../src/memory/page-hash.ts';
import { type SharedFile, SharedPages } from '../../src/memory/shared-pages.ts';
import { type Sharer, shareRound } from '../../src/memory/sharing-round.ts';

const REPORT = {} as MemoryReport;

const filled = (value: number): Uint8Array => new Uint8Array(PAGE_BYTES).fill(value);

const file = (): SharedFile & { readonly slots: Uint8Array[] } => {
  const slots: Uint8Array[] = [];
  return {
    path: 'pages',
    slots,
    write: (slot, page) => {
      slots[slot] = page.slice();
    },
    read: (slot, into) => into.set(slots[slot] ?? []),
    close: () => {},
  };
};

/** A guest of a few pages, all of them idle, by number; `adopted` has the slots of those it gave up. */
class FakeSharer implements Sharer {
  readonly name: string;
  readonly memory = new Map<number, Uint8Array>();
  readonly adopted = new Map<number, number>();
  readonly #slots: readonly Uint8Array[];
  /** Called when it is asked to adopt something, before it does. */
  beforeAdopt = (): void => {};

  constructor(name: string, slots: readonly Uint8Array[]) {
    this.name = name;
    this.#slots = slots;
  }

  async act(act: Parameters<Sharer['act']>[0], bytes?: Uint8Array): ReturnType<Sharer['act']> {
    const answer: MemoryAnswer = { report: REPORT, won: 0 };
    const numbers = numbersIn(bytes);
    if (act.do === 'survey') {
      const found = [...this.memory].flatMap(([page, contents]) => {
        const hash = pageHash(new Int32Array(contents.buffer), 0, PAGE_BYTES / 4);
        return [page, Math.floor(hash / 2 ** 32), hash >>> 0];
      });
      return { ...answer, bytes: bytesOf(found) };
    }
    if (act.do === 'fetch') {
      const parts = numbers.map((page) => this.memory.get(page) ?? filled(0));
      return { ...answer, pages: [...numbers], bytes: new Uint8Array(Buffer.concat(parts)) };
    }
    this.beforeAdopt();
    const pages: number[] = [];
    for (let at = 0; at + 1 < numbers.length; at += 2) {
      const [page = 0, slot = 0] = numbers.slice(at, at + 2);
      const contents = this.memory.get(page);
      if (contents === undefined || Buffer.compare(contents, this.#slots[slot] ?? filled(0)) !== 0) continue;
      this.memory.delete(page);
      this.adopted.set(page, slot);
      pages.push(page);
    }
    return { ...answer, pages };
  }
}

const setup = () => {
  const shared = file();
  const pages = new SharedPages(shared, 100);
  const [one, other, third] = ['one', 'other', 'third'].map((name) => new FakeSharer(name, shared.slots));
  return { shared, pages, one, other, third, round: () => shareRound([one, other, third], pages, () => {}) };
};

/** It looks at its page again. */
const restore = (pages: SharedPages, sharer: FakeSharer, page: number): void => {
  const slot = sharer.adopted.get(page) ?? 0;
  sharer.adopted.delete(page);
  pages.release(sharer.name, slot);
};

describe('a round of sharing', () => {
  it('keeps pages that are equal once, and gives up slots that nobody uses', async () => {
    const { shared, pages, one, other, round } = setup();
    one.memory.set(1, filled(7));
    other.memory.set(2, filled(7)).set(3, filled(8));
    await round();
    expect([pages.size, one.adopted.size, other.adopted.size]).toEqual([1, 1, 1]);
    expect(shared.slots[0]).toEqual(filled(7));
    restore(pages, one, 1);
    restore(pages, other, 2);
    expect(pages.size).toBe(0);
  });

  it('does not give a slot to another page that a guest adopts while the last of its users leaves it', async () => {
    const { shared, pages, one, other, third, round } = setup();
    one.memory.set(1, filled(7));
    other.memory.set(2, filled(7));
    await round();
    third.memory.set(9, filled(7));
    third.beforeAdopt = () => {
      restore(pages, one, 1);
      restore(pages, other, 2);
    };
    await round();
    third.beforeAdopt = () => {};
    expect(third.adopted.get(9)).toBe(0);
    // Others have something new to share; the page of the third stays what it was.
    one.memory.set(5, filled(1));
    other.memory.set(6, filled(1));
    await round();
    expect(shared.slots[third.adopted.get(9) ?? -1]).toEqual(filled(7));
    expect(pages.size).toBe(2);
  });

  it('keeps slots of a guest of which it is not known what it took', async () => {
    const { shared, pages, one, other, third, round } = setup();
    one.memory.set(1, filled(7));
    other.memory.set(2, filled(7));
    await round();
    third.memory.set(9, filled(7));
    const act = third.act.bind(third);
    third.act = async (...asked) => {
      const answer = await act(...asked);
      if (asked[0].do === 'adopt') throw new Error('no answer in time');
      return answer;
    };
    await expect(round()).rejects.toThrow(/no answer/);
    third.act = act;
    restore(pages, one, 1);
    restore(pages, other, 2);
    one.memory.set(5, filled(1));
    other.memory.set(6, filled(1));
    await round();
    expect(shared.slots[third.adopted.get(9) ?? -1]).toEqual(filled(7));
    pages.leave('third');
    expect(pages.size).toBe(1);
  });
});
