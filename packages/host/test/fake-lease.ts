import { TimerQueue } from '@vivarium/timer-queue';
import type { HostTime, Lease, Stint } from '../src/index.ts';

/** Time that passes when a test says so. */
export class FakeTime implements HostTime {
  readonly kind = 'real';
  readonly #timers = new TimerQueue();
  #now = 0;
  occupied = 0;

  now(): number {
    return this.#now;
  }

  timer(expired: () => void) {
    return this.#timers.timer(expired);
  }

  occupy(): () => void {
    this.occupied += 1;
    return () => {
      this.occupied -= 1;
    };
  }

  /** Lets time pass, timer by timer, with what follows from each. */
  async advance(nanoseconds: number): Promise<void> {
    const end = this.#now + nanoseconds;
    await settled();
    for (;;) {
      const { nextDeadline } = this.#timers;
      this.#now = Math.max(this.#now, Math.min(nextDeadline ?? end, end));
      const fired = this.#timers.fire(this.#now);
      await settled();
      if (fired === 0) return;
    }
  }
}

/** Whatever follows without time passing has followed. */
export const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Grant {
  readonly began: number;
  readonly end: (next: Stint['next']) => void;
}

/** The vCPUs of a guest that computes whenever it is awake, as a test says. */
export class FakeLease implements Lease {
  readonly #time: FakeTime;
  readonly awake: boolean[];
  readonly grants: (Grant | undefined)[];
  readonly ran: number[];
  readonly #listeners = new Set<(vcpu: number) => void>();
  revocations = 0;
  /** Grants to one that has one already. */
  overlaps = 0;
  /** Does not stop when it is asked to. */
  stubborn = false;
  ended = false;
  readonly stolen: (number | undefined)[] = [];

  constructor(time: FakeTime, vcpus: number) {
    this.#time = time;
    this.awake = new Array<boolean>(vcpus).fill(true);
    this.grants = new Array<Grant | undefined>(vcpus).fill(undefined);
    this.ran = new Array<number>(vcpus).fill(0);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  grant(vcpu: number, nanoseconds: number, stolen?: number): Promise<Stint> {
    this.stolen.push(stolen);
    if (this.grants[vcpu] !== undefined) this.overlaps += 1;
    if (this.ended) return Promise.resolve({ ranFor: 0, next: 'ended' });
    if (!this.awake[vcpu]) return Promise.resolve({ ranFor: 0, next: 'asleep' });
    return new Promise((resolve) => {
      const began = this.#time.now();
      const timer = this.#time.timer(() => this.grants[vcpu]?.end('ready'));
      timer.arm(began + nanoseconds);
      const end = (next: Stint['next']): void => {
        timer.cancel();
        this.grants[vcpu] = undefined;
        const ranFor = this.#time.now() - began;
        this.ran[vcpu] += ranFor;
        resolve({ ranFor, next });
      };
      this.grants[vcpu] = { began, end };
    });
  }

  revoke(vcpu: number): void {
    this.revocations += 1;
    if (!this.stubborn) this.grants[vcpu]?.end('ready');
  }

  onWake(listener: (vcpu: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  sleep(vcpu: number): void {
    this.awake[vcpu] = false;
    this.grants[vcpu]?.end('asleep');
  }

  wake(vcpu: number): void {
    this.awake[vcpu] = true;
    for (const listener of this.#listeners) listener(vcpu);
  }

  end(): void {
    this.ended = true;
    for (const grant of this.grants) grant?.end('ended');
    for (const vcpu of this.grants.keys()) this.wake(vcpu);
  }
}
