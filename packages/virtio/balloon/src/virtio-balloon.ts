import type {
  BalloonEvent,
  BalloonStatistics,
  Clock,
  GuestMemory,
  MemoryBalloon,
  MemoryDiscard,
  Timer,
  VirtioDevice,
  VirtioQueue,
  VirtioSignals,
} from '@vivarium/contracts';
import { BalloonConfig } from './balloon-config.ts';
import { errors } from './errors.ts';
import { optionalQueues } from './optional-queues.ts';
import { PageReports } from './page-reports.ts';
import { PageSet } from './page-set.ts';
import * as r from './registers.ts';
import { StatisticsPoll } from './statistics-poll.ts';
import { zeroFill } from './zero-fill.ts';

/** What {@link VirtioBalloon} is made of. */
export interface VirtioBalloonParts {
  readonly memory: GuestMemory;
  /** What becomes of pages; default zeroes. */
  readonly discard?: MemoryDiscard;
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
  readonly deflateOnOom: boolean;
  readonly reporting: boolean;
  /** A listener threw; the others and the guest go on. */
  readonly listenerFailed?: (error: unknown) => void;
}

/** What a balloon counts, in pages of 4096 bytes. */
export interface BalloonCounters {
  readonly inflated: number;
  readonly deflated: number;
  /** Pages that are no RAM, were in already or not in at all, or were more than anybody asked for. */
  readonly refused: number;
}

const QUEUE_SIZE = 128;
const STATISTICS_QUEUE_SIZE = 16;
const REPORTING_QUEUE_SIZE = 32;
/** Page numbers taken from one request: 256 MiB of memory. Drivers send 256 to 1024. */
const MOST_PFNS = 65_536;

/** Memory balloon: takes pages from a guest, and gives them back. */
export class VirtioBalloon implements VirtioDevice, MemoryBalloon {
  readonly deviceId = 5;
  readonly kind = 'balloon';
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config = new BalloonConfig();
  readonly #memory: GuestMemory;
  readonly #discard: MemoryDiscard;
  readonly #listenerFailed: (error: unknown) => void;
  readonly #pages: PageSet;
  readonly #reports: PageReports;
  readonly #polls: StatisticsPoll;
  #target = 0;
  /** The most pages that were asked for in this life: those may be on their way when the target falls. */
  #most = 0;
  #inflate: VirtioQueue | undefined;
  #deflate: VirtioQueue | undefined;
  #reporting: VirtioQueue | undefined;
  #signals: VirtioSignals | undefined;
  #counters = { inflated: 0, deflated: 0, refused: 0 };
  #listeners: readonly ((event: BalloonEvent) => void)[] = [];

  constructor(parts: VirtioBalloonParts) {
    const { memory, discard = zeroFill, clock, timer, deflateOnOom, reporting, listenerFailed = () => {} } = parts;
    this.#memory = memory;
    this.#discard = discard;
    this.#listenerFailed = listenerFailed;
    this.#pages = new PageSet(memory.banks);
    const later = timer(() => this.#reports.resume());
    this.#reports = new PageReports({ memory: discard, later: () => later.arm(clock.now()) });
    this.#polls = new StatisticsPoll({
      clock,
      timer,
      received: (statistics) => this.#tell({ kind: 'statistics', statistics }),
    });
    this.features =
      r.VIRTIO_BALLOON_F_MUST_TELL_HOST |
      r.VIRTIO_BALLOON_F_STATS_VQ |
      (deflateOnOom ? r.VIRTIO_BALLOON_F_DEFLATE_ON_OOM : 0n) |
      (reporting ? r.VIRTIO_BALLOON_F_PAGE_POISON | r.VIRTIO_BALLOON_F_PAGE_REPORTING : 0n);
    const optional = reporting ? [REPORTING_QUEUE_SIZE, REPORTING_QUEUE_SIZE] : [];
    this.queueSizes = [QUEUE_SIZE, QUEUE_SIZE, STATISTICS_QUEUE_SIZE, ...optional];
  }

  get counters(): BalloonCounters {
    return { ...this.#counters };
  }

  get active(): boolean {
    return this.#signals !== undefined;
  }

  get target(): number {
    return this.#target * r.PAGE;
  }

  get limit(): number {
    return this.#pages.capacity * r.PAGE;
  }

  get actual(): number {
    return this.#pages.size * r.PAGE;
  }

  get claimed(): number {
    return this.config.actual * r.PAGE;
  }

  get reported(): number {
    return this.#reports.bytes;
  }

  get statistics(): BalloonStatistics | undefined {
    return this.#polls.latest;
  }

  setTarget(bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > this.limit) {
      throw errors.make('VIV_BALLOON_TARGET', `the balloon takes 0 to ${this.limit} bytes, not ${bytes}`);
    }
    const pages = Math.floor(bytes / r.PAGE);
    if (pages === this.#target) return;
    this.#target = pages;
    this.#most = Math.max(this.#most, pages);
    this.config.numPages = pages;
    this.#signals?.configChanged();
  }

  pollStatistics(seconds: number): void {
    this.#polls.every(seconds);
  }

  onEvent(listener: (event: BalloonEvent) => void): () => void {
    // Wrapped: the same function may be added twice, and each removal removes its own.
    const entry = (event: BalloonEvent): void => listener(event);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[], signals: VirtioSignals): void {
    const { statistics, reporting } = optionalQueues(features, queues);
    this.#inflate = queues[r.INFLATEQ];
    this.#deflate = queues[r.DEFLATEQ];
    this.#reporting = reporting;
    this.#signals = signals;
    this.#most = this.#target;
    this.#polls.activate(statistics);
    // A guest that fills its free pages with something relies on finding it there (section 5.5.6.7.2).
    const poisons = (features & r.VIRTIO_BALLOON_F_PAGE_POISON) !== 0n && this.config.poison !== 0;
    this.#reports.activate(reporting, poisons);
    this.#tell({ kind: 'driver', active: true });
  }

  notified(index: number): void {
    if (index === r.INFLATEQ) this.#move(this.#inflate, (page) => this.#take(page));
    else if (index === r.DEFLATEQ) this.#move(this.#deflate, (page) => this.#release(page));
    else if (index === this.#reporting?.index) this.#reports.notified();
    else if (index === r.STATSQ) this.#polls.notified();
  }

  reset(): void {
    const was = this.active;
    this.#inflate = undefined;
    this.#deflate = undefined;
    this.#reporting = undefined;
    this.#signals = undefined;
    this.#polls.reset();
    this.#reports.reset();
    this.#pages.clear();
    this.config.reset();
    if (was) this.#tell({ kind: 'driver', active: false });
  }

  /** Goes through the page numbers of each request. */
  #move(queue: VirtioQueue | undefined, each: (page: number) => boolean): void {
    const before = this.#pages.size;
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) break;
      const bytes = request.read(0, MOST_PFNS * r.PFN_SIZE);
      const pages = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 0; at + r.PFN_SIZE <= bytes.length; at += r.PFN_SIZE) {
        if (!each(pages.getUint32(at, true))) this.#counters.refused += 1;
      }
      queue.complete(request, 0);
    }
    if (this.#pages.size !== before) this.#tell({ kind: 'actual', actual: this.actual });
  }

  #take(page: number): boolean {
    if (this.#pages.size >= this.#most || !this.#pages.add(page)) return false;
    const range = this.#memory.writableView(page * r.PAGE, r.PAGE);
    if (range !== undefined) this.#discard.discard(range);
    this.#counters.inflated += 1;
    return true;
  }

  #release(page: number): boolean {
    if (!this.#pages.delete(page)) return false;
    this.#counters.deflated += 1;
    return true;
  }

  #tell(event: BalloonEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listenerFailed(error);
      }
    }
  }
}
