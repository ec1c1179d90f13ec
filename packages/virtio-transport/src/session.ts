import type { GuestMemory, VirtioDevice, VirtioSignals } from '@vivarium/contracts';
import * as f from './features.ts';
import { QueueRegisters } from './queue-setup.ts';
import * as s from './status.ts';
import { type QueueCounters, type QueueEvents, Virtqueue } from './virtqueue.ts';

/** What a session needs of the transport around it. */
export interface SessionHost {
  readonly memory: GuestMemory;
  /** Used buffers in queue `index`. */
  queueInterrupt(index: number): void;
  configInterrupt(): void;
  /** Calls `Session.resume` between two slices of guest execution. */
  defer(): void;
  /** A rule that the driver broke; bounded by the session. */
  violation(message: string): void;
  /** The device broke its contract. */
  failed(hook: string, error: unknown): void;
}

/** Violations told to the log until the next reset; the rest is only counted. */
const REPORTED_VIOLATIONS = 8;

const NOTHING_DONE: QueueCounters = { notifications: 0, requests: 0, interrupts: 0 };

const sum = (one: QueueCounters, other: QueueCounters = NOTHING_DONE): QueueCounters => ({
  notifications: one.notifications + other.notifications,
  requests: one.requests + other.requests,
  interrupts: one.interrupts + other.interrupts,
});

/**
 * What transports have in common: status, features and queues of one device (Virtual I/O Device 1.3, sections 2.1,
 * 2.2, 2.6 and 3.1). The driver is hostile: whatever it writes in whatever order, the device sees only the life it
 * knows, and a step that makes no sense does not happen.
 */
export class Session {
  readonly device: VirtioDevice;
  readonly offered: bigint;
  readonly queues: readonly QueueRegisters[];
  /** Goes up whenever the configuration space changes (section 2.5). Modulo 256, so that every transport can show it. */
  generation = 0;
  #host: SessionHost;
  #status = 0;
  #accepted = 0n;
  #active: readonly (Virtqueue | undefined)[] = [];
  #past: readonly QueueCounters[];
  readonly #unfinished = new Set<number>();
  #violations = 0;

  constructor(device: VirtioDevice, rings: f.RingFeatures, host: SessionHost) {
    this.device = device;
    this.offered = (device.features & f.DEVICE_FEATURES) | f.ringFeatures(rings);
    this.queues = device.queueSizes.map((size) => new QueueRegisters(size));
    this.#past = this.queues.map(() => NOTHING_DONE);
    this.#host = host;
  }

  get status(): number {
    return this.#status;
  }

  get accepted(): bigint {
    return this.#accepted;
  }

  /** Rules broken since the last reset. */
  get violations(): number {
    return this.#violations;
  }

  /** What each queue has done since the machine was made, resets or not. */
  get counters(): readonly QueueCounters[] {
    return this.#past.map((past, index) => sum(past, this.#active[index]?.counters));
  }

  get #running(): boolean {
    return (this.#status & (s.DRIVER_OK | s.DEVICE_NEEDS_RESET | s.FAILED)) === s.DRIVER_OK;
  }

  /** One 32-bit page of the driver's features. After FEATURES_OK they stand (section 3.1.1). */
  acceptFeatures(page: number, bits: number): void {
    if (page > 1 || (this.#status & s.FEATURES_OK) !== 0) return;
    const shift = BigInt(page) * 32n;
    this.#accepted = (this.#accepted & ~(0xffff_ffffn << shift)) | (BigInt(bits >>> 0) << shift);
  }

  /** A write to the status field (section 2.1.1). 0 resets. */
  setStatus(value: number): void {
    if (value === 0) {
      this.reset();
      return;
    }
    const asked = value & s.DRIVER_BITS;
    // Bits stay until a reset, and after FAILED there is only that.
    if ((this.#status & s.FAILED) !== 0 || (this.#status & s.DRIVER_BITS & ~asked) !== 0) return;
    let status = this.#status | (asked & (s.ACKNOWLEDGE | s.DRIVER | s.FAILED));
    const met = s.ACKNOWLEDGE | s.DRIVER;
    if ((asked & s.FEATURES_OK) !== 0 && (status & met) === met && this.#featuresFit()) status |= s.FEATURES_OK;
    const starts = (asked & s.DRIVER_OK) !== 0 && (status & s.FEATURES_OK) !== 0 && (status & s.DRIVER_OK) === 0;
    this.#status = status;
    if (starts && (status & (s.FAILED | s.DEVICE_NEEDS_RESET)) === 0) this.#activate();
  }

  /** Enables a queue. False, and nothing happens, when it cannot work or it is too late. */
  enableQueue(index: number): boolean {
    const queue = this.queues[index];
    if (queue === undefined || !this.mayConfigure) return false;
    if ((this.#status & s.FEATURES_OK) === 0) return false;
    queue.ready = queue.layout(this.#host.memory, this.#format) !== undefined;
    if (!queue.ready) this.#violation(`queue ${index}: size, alignment or addresses`);
    return queue.ready;
  }

  disableQueue(index: number): void {
    const queue = this.queues[index];
    if (queue !== undefined && this.mayConfigure) queue.ready = false;
  }

  /** Queues change before DRIVER_OK only. */
  get mayConfigure(): boolean {
    return (this.#status & (s.DRIVER_OK | s.FAILED)) === 0;
  }

  notify(index: number): void {
    if (!this.#running) return;
    const queue = this.#active[index];
    if (queue === undefined) return;
    this.#guard('notified', () => queue.serve(() => this.device.notified(index)));
  }

  /** Goes on with drains that were cut short. */
  resume(): void {
    const due = [...this.#unfinished];
    this.#unfinished.clear();
    for (const index of due) this.notify(index);
  }

  reset(): void {
    this.#status = 0;
    this.#accepted = 0n;
    this.#past = this.counters;
    for (const queue of this.#active) queue?.end();
    this.#active = [];
    this.#unfinished.clear();
    this.#violations = 0;
    for (const queue of this.queues) queue.reset();
    try {
      this.device.reset();
    } catch (error) {
      this.#host.failed('reset', error);
    }
  }

  get #format(): 'split' | 'packed' {
    return (this.#accepted & f.RING_PACKED) === 0n ? 'split' : 'packed';
  }

  #featuresFit(): boolean {
    return (this.#accepted & ~this.offered) === 0n && (this.#accepted & f.VERSION_1) !== 0n;
  }

  #activate(): void {
    this.#status |= s.DRIVER_OK;
    const events: QueueEvents = {
      interrupt: (index) => this.#host.queueInterrupt(index),
      violation: (index, what, latched) => {
        this.#violation(`queue ${index}: ${what}`);
        if (latched) this.#needsReset();
      },
      unfinished: (index) => {
        this.#unfinished.add(index);
        this.#host.defer();
      },
    };
    const format = this.#format;
    const has = (bit: bigint) => (this.#accepted & bit) !== 0n;
    this.#active = this.queues.map((registers, index) => {
      const layout = registers.ready ? registers.layout(this.#host.memory, format) : undefined;
      if (layout === undefined) return undefined;
      const ring = { indirect: has(f.RING_INDIRECT_DESC), eventIndex: has(f.RING_EVENT_IDX) };
      const { memory } = this.#host;
      return new Virtqueue({ index, layout, memory, format, ring, inOrder: has(f.IN_ORDER), events });
    });
    const life = this.#active;
    // A device may keep its signals beyond the reset; they are of the life they were given in.
    const alive = (act: () => void) => () => {
      if (this.#active === life) act();
    };
    const signals: VirtioSignals = {
      configChanged: alive(() => {
        this.generation = (this.generation + 1) & 0xff;
        this.#host.configInterrupt();
      }),
      needsReset: alive(() => this.#needsReset()),
    };
    this.#guard('activate', () => this.device.activate(this.#accepted, life, signals));
  }

  #guard(hook: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#host.failed(hook, error);
      this.#needsReset();
    }
  }

  #needsReset(): void {
    if ((this.#status & s.DEVICE_NEEDS_RESET) !== 0) return;
    this.#status |= s.DEVICE_NEEDS_RESET;
    // Section 2.1.2: the driver is told once it has started the device.
    if ((this.#status & s.DRIVER_OK) !== 0) this.#host.configInterrupt();
  }

  #violation(message: string): void {
    this.#violations += 1;
    if (this.#violations <= REPORTED_VIOLATIONS) this.#host.violation(message);
  }
}
