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

  since(sequence: number): readonly HostEvent[] {
    return this.#events.filter(({ event }) => event.sequence > sequence).map(({ event }) => event);
  }
}
