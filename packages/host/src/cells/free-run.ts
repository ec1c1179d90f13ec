import type { Lease } from '../lease.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;

/** Nanoseconds at a time: short, so that a host that comes has not long to wait. */
const STRETCH = 10_000_000;
/** Milliseconds until what was granted by the host that has gone is looked at again. */
const SETTLING = 5;

/**
 * Runs the vCPUs of a leased cell while there is no host to grant them anything: a guest that outlives its host goes on
 * meanwhile, without its share being kept, as there is nobody who would keep it.
 */
export class FreeRun {
  readonly #lease: Lease;
  readonly #unlisten: () => void;
  readonly #woken = new Map<number, () => void>();
  readonly #loops: readonly Promise<void>[];
  #stopped = false;

  constructor(lease: Lease, vcpus: number) {
    this.#lease = lease;
    this.#unlisten = lease.onWake((vcpu) => this.#woken.get(vcpu)?.());
    this.#loops = Array.from({ length: vcpus }, (_, vcpu) => this.#run(vcpu));
  }

  /** Ends it; resolves once no vCPU holds a grant of it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    for (const [vcpu, wake] of this.#woken) {
      wake();
      this.#lease.revoke(vcpu);
    }
    await Promise.all(this.#loops);
  }

  async #run(vcpu: number): Promise<void> {
    let wake = (): void => {};
    let woken = Promise.resolve();
    // A wake during a grant counts: it may be for what came after the vCPU had looked.
    const listen = (): void => {
      woken = new Promise((resolve) => {
        wake = resolve;
      });
    };
    this.#woken.set(vcpu, () => wake());
    while (!this.#stopped) {
      listen();
      try {
        const { next } = await this.#lease.grant(vcpu, STRETCH);
        if (next === 'ended') return;
        if (next === 'asleep' && !this.#stopped) await woken;
      } catch {
        // It still holds what the host that has gone had granted.
        await new Promise<void>((resolve) => void setTimeout(resolve, SETTLING));
      }
    }
  }
}
