import type { StealTime } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import type { Lease, Stint } from '../lease.ts';
import type { HostThread } from './host-thread.ts';

/** A grant in progress. */
interface Granted {
  /** Host time at which it ends. */
  until: number;
  ran: number;
  readonly left: () => void;
  readonly done: (stint: Stint) => void;
}

/** Where grants come in, and where the run loop of a cell looks whom it may run. */
export class LeaseDesk implements Lease {
  readonly #thread: HostThread;
  /** Tells the run loop to look here. */
  readonly #called: () => void;
  readonly #stealTime: StealTime | undefined;
  readonly #granted: (Granted | undefined)[];
  /** As far as the holder of the pCPUs knows. */
  readonly #asleep: boolean[];
  readonly #listeners = new Set<(vcpu: number) => void>();
  /** Nothing may run, whatever is granted: not yet, not now, or never again. */
  #closed: 'asleep' | 'ended' | undefined = 'asleep';
  #told = false;
  #grants = 0;

  constructor(vcpus: number, thread: HostThread, called: () => void, stealTime?: StealTime) {
    this.#thread = thread;
    this.#called = called;
    this.#stealTime = stealTime;
    this.#granted = new Array<Granted | undefined>(vcpus).fill(undefined);
    this.#asleep = new Array<boolean>(vcpus).fill(true);
  }

  grant(vcpu: number, nanoseconds: number, stolen?: number): Promise<Stint> {
    const taken = this.#granted[vcpu] !== undefined;
    if (!Number.isSafeInteger(nanoseconds) || nanoseconds < 1 || taken || !(vcpu in this.#granted)) {
      const reason = taken
        ? 'it holds a grant already'
        : `there are ${this.#granted.length}, and times are whole numbers`;
      const what = `vCPU ${vcpu} cannot be granted ${nanoseconds} ns`;
      return Promise.reject(errors.make('VIV_CELL_LEASE', `${what}: ${reason}`));
    }
    if (this.#closed !== undefined) {
      this.#asleep[vcpu] = true;
      return Promise.resolve({ ranFor: 0, next: this.#closed });
    }
    if (stolen !== undefined) this.#stealTime?.report(vcpu, stolen);
    const left = this.#thread.occupy();
    return new Promise((done) => {
      this.#granted[vcpu] = { until: this.#thread.now() + nanoseconds, ran: 0, left, done };
      this.#asleep[vcpu] = false;
      this.#grants += 1;
      this.#called();
    });
  }

  revoke(vcpu: number): void {
    const granted = this.#granted[vcpu];
    if (granted !== undefined) granted.until = 0;
  }

  onWake(listener: (vcpu: number) => void): () => void {
    const own = (vcpu: number): void => listener(vcpu);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Whether any vCPU holds a grant. */
  get busy(): boolean {
    return this.#grants > 0;
  }

  /** Host time up to which a vCPU may run; undefined when it may not. */
  until(vcpu: number): number | undefined {
    return this.#granted[vcpu]?.until;
  }

  asleep(vcpu: number): boolean {
    return this.#asleep[vcpu];
  }

  ran(vcpu: number, nanoseconds: number): void {
    const granted = this.#granted[vcpu];
    if (granted !== undefined) granted.ran += nanoseconds;
  }

  /** A vCPU gives its grant back, if it has one. */
  finish(vcpu: number, next: Stint['next']): void {
    const granted = this.#granted[vcpu];
    if (granted === undefined) return;
    this.#granted[vcpu] = undefined;
    this.#asleep[vcpu] = next === 'asleep';
    this.#grants -= 1;
    this.#told = true;
    granted.done({ ranFor: granted.ran, next });
    granted.left();
  }

  /** A vCPU has something to do. */
  wake(vcpu: number): void {
    if (!this.#asleep[vcpu]) return;
    this.#asleep[vcpu] = false;
    this.#told = true;
    for (const listener of [...this.#listeners]) listener(vcpu);
  }

  /** The machine runs: from now on vCPUs wake, and whoever is granted something runs. */
  open(): void {
    if (this.#closed === 'asleep') this.#closed = undefined;
  }

  /** The machine stands still: nobody is to be granted anything before they wake. */
  close(): void {
    this.#closed ??= 'asleep';
    for (const vcpu of this.#granted.keys()) {
      this.finish(vcpu, 'asleep');
      this.#asleep[vcpu] = true;
    }
  }

  /** The run is over. */
  end(): void {
    if (this.#closed === 'ended') return;
    this.#closed = 'ended';
    for (const vcpu of this.#granted.keys()) {
      this.finish(vcpu, 'ended');
      this.#asleep[vcpu] = true;
      this.wake(vcpu);
    }
  }

  /** Whether somebody was told something since this was asked last, and should have the chance to answer. */
  takeTold(): boolean {
    const told = this.#told;
    this.#told = false;
    return told;
  }
}
