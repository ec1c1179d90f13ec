// Hot code: called when code becomes hot, and when code pages are written.
import type { BackgroundThread, StartBackgroundThread } from '@vivarium/contracts';
import { PAGE_SLOTS } from '../decode/slot.ts';
import type { RegionSurroundings } from './region.ts';
import type { Translation, TranslationRequest, Translations } from './translation.ts';

declare const queueMicrotask: (callback: () => void) => void;

/** Requests under way: a guest that makes ever more code hot waits for none of them. */
const MOST_REQUESTS = 64;

/** What is posted to the background thread: regions of one module. */
export interface PostedRequests {
  readonly around: RegionSurroundings;
  readonly requests: readonly TranslationRequest[];
}

/** What comes back. */
export interface PostedTranslations extends Translations {
  readonly milliseconds: number;
}

/** A region that the background thread is about to make. */
export interface Pending {
  readonly page: number;
  /** The slot that was hot, and others of its page that became so meanwhile. */
  readonly slots: number[];
  readonly request: TranslationRequest;
  /** 1 for each halfword that was written since the code was copied. */
  readonly written: Uint8Array;
  /** The code is no longer there. */
  void: boolean;
}

/** Beside this module's folder, which is sources as they are or compiled. Not for bundlers, which have their own way. */
const backgroundModule = (here: string): string =>
  new URL(here.endsWith('.ts') ? '../background.ts' : '../background.js', here).href;

/** Whether what was written since concerns the translation. */
const outdated = ({ written }: Pending, { covered }: Translation): boolean =>
  written.some((flag, half) => flag !== 0 && covered[half] === 1);

export interface DeskEvents {
  /** Regions were made, of one module; undefined: there is none, or it is outdated. */
  made(regions: readonly (readonly [Pending, Translation | undefined])[], answer: PostedTranslations | undefined): void;
  /** Nothing comes back from now on. */
  closed(): void;
}

/** Has the background thread translate, and sees to it that what comes back is of the code that is there. */
export class TranslationDesk {
  readonly #thread: BackgroundThread;
  readonly #around: RegionSurroundings;
  readonly #events: DeskEvents;
  readonly #pages = new Map<number, Pending>();
  /** With it, in the order of its answer. */
  #posted: readonly Pending[] = [];
  /** Not posted yet. */
  #waiting: Pending[] = [];

  constructor(start: StartBackgroundThread, around: RegionSurroundings, events: DeskEvents) {
    this.#around = around;
    this.#events = events;
    this.#thread = start(backgroundModule(import.meta.url), {
      answer: (message) => this.#answer(message as PostedTranslations),
      died: () => this.close(),
    });
  }

  /** Of this page; slots that become hot meanwhile are looked at once it is made. */
  pendingOf(page: number): Pending | undefined {
    return this.#pages.get(page);
  }

  get full(): boolean {
    return this.#posted.length + this.#waiting.length >= MOST_REQUESTS;
  }

  ask(page: number, slot: number, request: TranslationRequest): void {
    const pending: Pending = { page, slots: [slot], request, written: new Uint8Array(PAGE_SLOTS), void: false };
    this.#pages.set(page, pending);
    // A message wakes a thread, which costs more than the rest: one for all of a turn of the event loop.
    if (this.#waiting.length === 0) queueMicrotask(() => this.#post());
    this.#waiting.push(pending);
  }

  /** What becomes hot while the background thread works is its next piece of work. */
  #post(): void {
    if (this.#posted.length > 0 || this.#waiting.length === 0) return;
    this.#posted = this.#waiting;
    this.#waiting = [];
    const requests = this.#posted.map(({ request }) => request);
    this.#thread.post({ around: this.#around, requests } satisfies PostedRequests);
  }

  changed(page: number, first: number, last: number): void {
    this.#pages.get(page)?.written.fill(1, first, last);
  }

  /** All code is forgotten, and pages get other numbers. */
  clear(): void {
    for (const pending of this.#pages.values()) pending.void = true;
    this.#pages.clear();
  }

  #answer(answer: PostedTranslations): void {
    const posted = this.#posted;
    this.#posted = [];
    for (const pending of posted) if (!pending.void) this.#pages.delete(pending.page);
    const regions = posted.map((pending, number) => {
      const translation = answer.regions[number];
      const stands = translation !== undefined && !pending.void && !outdated(pending, translation);
      return [pending, stands ? translation : undefined] as const;
    });
    this.#events.made(regions, answer);
    this.#post();
  }

  close(): void {
    const lost = [...this.#posted, ...this.#waiting];
    this.#posted = [];
    this.#waiting = [];
    this.#pages.clear();
    this.#thread.end();
    this.#events.made(
      lost.map((pending) => [pending, undefined] as const),
      undefined,
    );
    this.#events.closed();
  }
}
