import type { CpuCore, EventSink, PowerControl, PowerRequest } from '@vivarium/contracts';

/** Keeps the guest's last power request until the host takes it. One event tells of it, however often a guest asks. */
export class PowerLatch implements PowerControl {
  readonly #events: EventSink;
  #cores: readonly CpuCore[] = [];
  #pending: PowerRequest | undefined;

  constructor(events: EventSink) {
    this.#events = events;
  }

  /** The cores that a request makes return, so that it acts after the present instruction. */
  attach(cores: readonly CpuCore[]): void {
    this.#cores = cores;
  }

  request(request: PowerRequest): void {
    const news = this.#pending === undefined;
    this.#pending = request;
    for (const core of this.#cores) {
      for (const vcpu of core.vcpus) vcpu.yieldSoon();
    }
    if (news) this.#events.emit('guest:power', request);
  }

  take(): PowerRequest | undefined {
    const request = this.#pending;
    this.#pending = undefined;
    return request;
  }
}
