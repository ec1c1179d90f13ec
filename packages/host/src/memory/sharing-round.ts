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
  for (const [index, sharer] of sharers.entries()) {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const answer: MemoryAnswer & { readonly bytes?: Uint8Array } = await sharer.act({ do: 'survey', from });
      won[index] = (won[index] ?? 0) + answer.won;
      const numbers = numbersIn(answer.bytes);
      for (let at = 0; at + 2 < numbers.length; at += 3) {
        const [page = 0, high = 0, low = 0] = numbers.slice(at, at + 3);
        if (page < PLACES) see(high * 2 ** 32 + low, { sharer: index, page });
      }
      from = answer.next !== undefined && answer.next > from ? answer.next : undefined;
    }
  }
  const fresh = await store(sharers, pages, doubles, (error) => trouble(pages.file.path, error));
  for (const [hash, places] of doubles) {
    const slot = fresh.get(hash);
    if (slot === undefined) continue;
    for (const { sharer, page } of places.map(sighting)) adoptions[sharer]?.push(page, slot);
  }
  for (const [index, sharer] of sharers.entries()) {
    const list = adoptions[index] ?? [];
    for (let at = 0; at < list.length; at += ADOPTED * 2) {
      const part = list.slice(at, at + ADOPTED * 2);
      const slots = new Map(
        part.flatMap((page, each) => (each % 2 === 0 ? [[page, part[each + 1] ?? 0] as const] : [])),
      );
      const answer = await sharer.act({ do: 'adopt', file: pages.file.path }, bytesOf(part)).catch((error: unknown) => {
        // Nobody knows what it took; while it runs its slots must stay what they are.
        for (const slot of slots.values()) pages.use(sharer.name, slot);
        throw error;
      });
      for (const page of answer.pages ?? []) {
        const slot = slots.get(page);
        if (slot !== undefined) pages.use(sharer.name, slot);
        slots.delete(page);
      }
      won[index] = (won[index] ?? 0) + answer.won;
      if (answer.trouble !== undefined) trouble(sharer.name, answer.trouble);
    }
  }
  return won;
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
  for (const [index, sharer] of sharers.entries()) {
    const own = firsts.filter((first) => first.sharer === index).map(({ page }) => page);
    for (let at = 0; at < own.length; at += MOST_FETCHED) {
      const { bytes = new Uint8Array() } = await sharer.act({ do: 'fetch' }, bytesOf(own.slice(at, at + MOST_FETCHED)));
      for (let offset = 0; offset + PAGE_BYTES <= bytes.length; offset += PAGE_BYTES) {
        const page = bytes.slice(offset, offset + PAGE_BYTES);
        // By its own hash: what a cell says of its pages is not believed.
        const hash = pageHash(new Int32Array(page.buffer), 0, PAGE_BYTES / 4);
        if (hash === NOTHING_BUT_ZEROES || !doubles.has(hash) || pages.slotOf(hash) !== undefined) continue;
        try {
          const slot = pages.add(hash, page);
          if (slot === undefined) return slots;
          pages.use(ROUND, slot);
          slots.set(hash, slot);
        } catch (error) {
          trouble(codedError(error, 'VIV_PAGE_SHARED'));
          return slots;
        }
      }
    }
  }
  return slots;
};
