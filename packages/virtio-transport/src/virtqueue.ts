// Hot: every request passes here twice.
import type { GuestMemory, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { PackedRing } from './packed-ring.ts';
import { Request } from './request.ts';
import type { Ring, RingLayout, RingOptions } from './ring.ts';
import { SplitRing } from './split-ring.ts';

/** What a queue tells its transport. */
export interface QueueEvents {
  /** The driver wants an interrupt for what was completed. */
  interrupt(index: number): void;
  /** The driver broke the rules; `latched`: the queue is dead until a reset. */
  violation(index: number, what: string, latched: boolean): void;
  /** A drain was cut short at the size of the queue: notify the device again, later. */
  unfinished(index: number): void;
}

export interface QueueSetup {
  readonly index: number;
  readonly layout: RingLayout;
  readonly memory: GuestMemory;
  readonly format: 'split' | 'packed';
  readonly ring: RingOptions;
  readonly inOrder: boolean;
  readonly events: QueueEvents;
}

/** What a queue has done, for statistics. */
export interface QueueCounters {
  readonly notifications: number;
  readonly requests: number;
  readonly interrupts: number;
}

/**
 * One virtqueue for every device: takes requests out of a ring of either format, and puts them back. A chain that is
 * wrong goes back at once with length 0; a ring that is wrong latches the queue. Work in one notification is bounded
 * by the size of the queue.
 */
export class Virtqueue implements VirtioQueue {
  readonly index: number;
  readonly size: number;
  readonly memory: GuestMemory;
  readonly #ring: Ring;
  readonly #events: QueueEvents;
  /** Requests with the device, oldest first; kept when they must go back in order. */
  readonly #order: Request[] | undefined;
  readonly #live = new Set<Request>();
  #state: 'good' | 'latched' | 'ended' = 'good';
  /** Depth of batches: completions are shown to the driver at the end of the outermost. */
  #depth = 0;
  /**
   * Requests that may still be taken: in the running notification, or, by a device that takes some of its own accord,
   * until the ring was empty or there is a notification. A driver on another vCPU may fill the ring as fast as it is
   * drained.
   */
  #budget: number;
  #serving = false;
  #notifications = 0;
  #requests = 0;
  #interrupts = 0;

  constructor({ index, layout, memory, format, ring, inOrder, events }: QueueSetup) {
    this.index = index;
    this.size = layout.size;
    this.#budget = layout.size;
    this.memory = memory;
    this.#ring = format === 'split' ? new SplitRing(memory, layout, ring) : new PackedRing(memory, layout, ring);
    this.#events = events;
    this.#order = inOrder ? [] : undefined;
  }

  get counters(): QueueCounters {
    return { notifications: this.#notifications, requests: this.#requests, interrupts: this.#interrupts };
  }

  get latched(): boolean {
    return this.#state === 'latched';
  }

  /** Requests that the device has not completed. */
  get inFlight(): number {
    return this.#live.size;
  }

  /** Runs `notified`, the device's answer to a notification, as one batch that takes at most `size` requests. */
  serve(notified: () => void): void {
    if (this.#depth > 0 || !this.#enter()) return;
    this.#notifications += 1;
    this.#budget = this.size;
    this.#serving = true;
    try {
      notified();
    } finally {
      const unfinished = this.#budget <= 0 && this.#state === 'good';
      this.#budget = this.size;
      this.#serving = false;
      this.#leave();
      if (unfinished) this.#events.unfinished(this.index);
    }
  }

  take(): VirtioRequest | undefined {
    if (!this.#enter()) return undefined;
    try {
      return this.#next();
    } finally {
      this.#leave();
    }
  }

  putBack(requests: readonly VirtioRequest[]): void {
    if (!this.#enter()) return;
    for (const request of requests.toReversed()) {
      if (!(request instanceof Request) || !this.#live.delete(request)) continue;
      request.end();
      this.#order?.pop();
      this.#ring.back(request);
      this.#budget += 1;
      this.#requests -= 1;
    }
    this.#leave();
  }

  complete(request: VirtioRequest, written: number): void {
    if (!this.#enter()) return;
    this.#complete(request, written);
    this.#leave();
  }

  completeAll(completions: readonly { readonly request: VirtioRequest; readonly written: number }[]): void {
    if (!this.#enter()) return;
    for (const { request, written } of completions) this.#complete(request, written);
    this.#leave();
  }

  /** The driver took the queue back: requests in flight are dead, and nothing is written any more. */
  end(): void {
    this.#state = 'ended';
    for (const request of this.#live) request.end();
    this.#live.clear();
  }

  #next(): Request | undefined {
    // Malformed chains count, too: a ring full of them is still one drain.
    while (this.#budget > 0) {
      const entry = this.#ring.next(this);
      switch (entry.kind) {
        case 'request':
          this.#budget -= 1;
          this.#requests += 1;
          this.#live.add(entry.request);
          this.#order?.push(entry.request);
          this.#ring.wantNotification(false);
          return entry.request;
        case 'malformed':
          this.#budget -= 1;
          this.#live.add(entry.request);
          this.#order?.push(entry.request);
          this.#complete(entry.request, 0);
          this.#events.violation(this.index, `descriptor chain: ${entry.fault}`, false);
          break;
        case 'broken':
          this.#latch(entry.fault);
          return undefined;
        case 'empty':
          if (!this.#serving) this.#budget = this.size;
          this.#ring.wantNotification(true);
          return undefined;
      }
    }
    if (!this.#serving) this.#events.unfinished(this.index);
    return undefined;
  }

  #complete(request: VirtioRequest, written: number): void {
    if (!(request instanceof Request) || !this.#live.has(request)) return;
    const length = Math.min(Math.max(Math.trunc(written) || 0, 0), request.writableLength);
    if (this.#order === undefined) {
      this.#give(request, length);
      return;
    }
    request.written = length;
    for (let oldest = this.#order[0]; oldest !== undefined && oldest.written >= 0; oldest = this.#order[0]) {
      this.#order.shift();
      this.#give(oldest, oldest.written);
    }
  }

  #give(request: Request, written: number): void {
    this.#live.delete(request);
    request.end();
    this.#ring.give(request, written);
  }

  #enter(): boolean {
    if (this.#state !== 'good') return false;
    if (this.#depth === 0 && !this.#ring.open()) {
      this.#latch('unreadable');
      return false;
    }
    this.#depth += 1;
    return true;
  }

  #leave(): void {
    this.#depth -= 1;
    // A reset in the middle of a batch took the rings away.
    if (this.#depth > 0 || this.#state === 'ended' || !this.#ring.publish()) return;
    this.#interrupts += 1;
    this.#events.interrupt(this.index);
  }

  #latch(fault: string): void {
    if (this.#state !== 'good') return;
    this.#state = 'latched';
    this.#events.violation(this.index, `ring: ${fault}`, true);
  }
}
