import { PAGE_BYTES } from '@vivarium/contracts';
import { codedError } from '../cells/plain.ts';
import { bytesOf, type MemoryAct, type MemoryAnswer, MOST_FETCHED, numbersIn } from './acts.ts';
import { NOTHING_BUT_ZEROES, pageHash } from './page-hash.ts';
import type { SharedPages } from './shared-pages.ts';

/** A guest whose pages are looked at. */
export interface Sharer {
  readonly name: string;
  act(act: MemoryAct, bytes?: Uint8Array): Promise<MemoryAnswer & { readonly bytes?: Uint8Array }>;
}

/** A page of one of the sharers. */
interface Sighting {
  readonly sharer: number;
  readonly page: number;
}

type Trouble = (sharer: string, error: { readonly code: string; readonly message: string }) => void;

/** Pages in an `adopt`: each is compared with the file. */
const ADOPTED = 1024;
/** Messages in which pages are asked for at a time: a cell answers all that have come when it has its turn. */
const FETCHES = 16;
const PLACES = 2 ** 20;
/** Uses slots for the time of a round; no machine is called that. */
const ROUND = '';

const place = ({ sharer, page }: Sighting): number => sharer * PLACES + page;
const sighting = (at: number): Sighting => ({ sharer: Math.floor(at / PLACES), page: at % PLACES });

/**
 * Looks at the idle pages of guests that may share: those of zeroes are given up on the way, and of those that are
 * equal, in one guest or in several, one is kept in the shared file. Gives the bytes that each guest lost.
 */
export const shareRound = async (
  sharers: readonly Sharer[],
  pages: SharedPages,
  trouble: Trouble,
): Promise<readonly number[]> => {
  try {
    return await share(sharers, pages, trouble);
  } finally {
    // What was put in and then not taken, because it had changed, is of no use.
    pages.leave(ROUND);
  }
};

const share = async (sharers: readonly Sharer[], pages: SharedPages, trouble: Trouble): Promise<readonly number[]> => {
  const won = sharers.map(() => 0);
  const seen = new Map<number, number>();
  const doubles = new Map<number, number[]>();
  const adoptions: number[][] = sharers.map(() => []);
  const see = (hash: number, found: Sighting): void => {
    const slot = pages.slotOf(hash);
    if (slot !== undefined) {
      adoptions[found.sharer]?.push(found.page, slot);
      // The last guest that uses it may look at its page before this one has adopted the slot.
      pages.use(ROUND, slot);
      return;
    }
    const first = seen.get(hash);
    if (first === undefined) seen.set(hash, place(found));
    else doubles.set(hash, [...(doubles.get(hash) ?? [first]), place(found)]);
  };
  const surveys = await everyone(sharers.map((sharer, index) => survey(sharer, (bytes) => add(won, index, bytes))));
  for (const [index, numbers] of surveys.entries()) {
    for (let at = 0; at + 2 < numbers.length; at += 3) {
      const [page = 0, high = 0, low = 0] = numbers.slice(at, at + 3);
      if (page < PLACES) see(high * 2 ** 32 + low, { sharer: index, page });
    }
  }
  const fresh = await store(sharers, pages, doubles, (error) => trouble(pages.file.path, error));
  for (const [hash, places] of doubles) {
    const slot = fresh.get(hash);
    if (slot === undefined) continue;
    for (const { sharer, page } of places.map(sighting)) adoptions[sharer]?.push(page, slot);
  }
  await everyone(
    sharers.map(async (sharer, index) => {
      const list = adoptions[index] ?? [];
      for (let at = 0; at < list.length; at += ADOPTED * 2) {
        add(won, index, await adopt(sharer, pages, list.slice(at, at + ADOPTED * 2), trouble));
      }
    }),
  );
  return won;
};

/** Waits for all of them, also where one fails: slots are in use until the last is done. */
const everyone = async <T>(work: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(work);
  return Promise.all(work);
};

const add = (won: number[], index: number, bytes: number): void => {
  won[index] = (won[index] ?? 0) + bytes;
};

/** Idle pages of a guest that are not zeroes: number, and hash in two halves. */
const survey = async (sharer: Sharer, won: (bytes: number) => void): Promise<readonly number[]> => {
  const found: (readonly number[])[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const answer: MemoryAnswer & { readonly bytes?: Uint8Array } = await sharer.act({ do: 'survey', from });
    won(answer.won);
    found.push(numbersIn(answer.bytes));
    from = answer.next !== undefined && answer.next > from ? answer.next : undefined;
  }
  return found.flat();
};

/** Has a guest give up pages that are in the file: pairs of page and slot. Gives the bytes that were won. */
const adopt = async (
  sharer: Sharer,
  pages: SharedPages,
  pairs: readonly number[],
  trouble: Trouble,
): Promise<number> => {
  const slots = new Map(pairs.flatMap((page, each) => (each % 2 === 0 ? [[page, pairs[each + 1] ?? 0] as const] : [])));
  const answer = await sharer.act({ do: 'adopt', file: pages.file.path }, bytesOf(pairs)).catch((error: unknown) => {
    // Nobody knows what it took; while it runs its slots must stay what they are.
    for (const slot of slots.values()) pages.use(sharer.name, slot);
    throw error;
  });
  for (const page of answer.pages ?? []) {
    const slot = slots.get(page);
    if (slot !== undefined) pages.use(sharer.name, slot);
    slots.delete(page);
  }
  if (answer.trouble !== undefined) trouble(sharer.name, answer.trouble);
  return answer.won;
};

/** Puts pages that were seen twice into the file; gives their slots by hash. */
const store = async (
  sharers: readonly Sharer[],
  pages: SharedPages,
  doubles: ReadonlyMap<number, readonly number[]>,
  trouble: (error: { readonly code: string; readonly message: string }) => void,
): Promise<ReadonlyMap<number, number>> => {
  const slots = new Map<number, number>();
  const firsts = [...doubles.values()].map(([first = 0]) => sighting(first));
  /** Until the file is full, or cannot be written. */
  const file = { takes: true };
  const put = (page: Uint8Array): void => {
    // By its own hash: what a cell says of its pages is not believed.
    const hash = pageHash(new Int32Array(page.buffer), 0, PAGE_BYTES / 4);
    if (hash === NOTHING_BUT_ZEROES || !doubles.has(hash) || pages.slotOf(hash) !== undefined) return;
    const slot = pages.add(hash, page);
    if (slot === undefined) {
      file.takes = false;
      return;
    }
    pages.use(ROUND, slot);
    slots.set(hash, slot);
  };
  const fetch = async (sharer: Sharer, wanted: readonly number[]): Promise<void> => {
    const { bytes = new Uint8Array() } = await sharer.act({ do: 'fetch' }, bytesOf(wanted));
    for (let offset = 0; offset + PAGE_BYTES <= bytes.length && file.takes; offset += PAGE_BYTES) {
      try {
        put(bytes.slice(offset, offset + PAGE_BYTES));
      } catch (error) {
        file.takes = false;
        trouble(codedError(error, 'VIV_PAGE_SHARED'));
      }
    }
  };
  for (const [index, sharer] of sharers.entries()) {
    const own = firsts.filter((first) => first.sharer === index).map(({ page }) => page);
    for (let at = 0; at < own.length && file.takes; at += MOST_FETCHED * FETCHES) {
      const next = own.slice(at, at + MOST_FETCHED * FETCHES);
      const parts = Array.from({ length: Math.ceil(next.length / MOST_FETCHED) }, (_, part) =>
        next.slice(part * MOST_FETCHED, (part + 1) * MOST_FETCHED),
      );
      await everyone(parts.map((part) => fetch(sharer, part)));
    }
  }
  return slots;
};
