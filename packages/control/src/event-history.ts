import type { HostEvent } from '@vivarium/host';

/** Events and characters of their JSON that are kept. */
const MOST_EVENTS = 1000;
const MOST_CHARACTERS = 1 << 20;

/** The last events of a host, for whoever comes later. */
export class EventHistory {
  #events: { readonly event: HostEvent; readonly size: number }[] = [];
  #characters = 0;

  add(event: HostEvent): void {
    const size = JSON.stringify(event.event ?? null).length;
    this.#events.push({ event, size });
    this.#characters += size;
    while (this.#events.length > MOST_EVENTS || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#events.shift()?.size ?? 0;
    }
  }

  /** The number of the last event; 0 before there is any. */
  get last(): number {
    return this.#events.at(-1)?.event.sequence ?? 0;
  }

  /** The number before that of the oldest event that is kept. */
  get before(): number {
    const [oldest] = this.#events;
    return oldest === undefined ? 0 : oldest.event.sequence - 1;
  }

  /** The oldest event that is kept and has a higher number. */
  after(sequence: number): HostEvent | undefined {
    // None is left out of the numbers.
    return this.#events[Math.max(0, sequence - this.before)]?.event;
  }
}
