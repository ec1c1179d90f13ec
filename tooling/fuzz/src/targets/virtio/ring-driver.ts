import { type DriverRing, type Element, NEXT, type Returned, SplitDriverRing } from '@vivarium/testkit/hostile';

/** Puts buffers into a ring the way a good driver does: what is in flight stays as it is until it comes back. */
export class RingDriver {
  readonly ring: DriverRing;
  /** Descriptors, or ids, that are in use; by the first of each chain. */
  readonly #inFlight = new Map<number, readonly number[]>();
  #free: number[];

  constructor(ring: DriverRing) {
    this.ring = ring;
    this.#free = Array.from({ length: ring.place.size }, (_, index) => index);
  }

  /** The id that the chain comes back with; undefined when there is no room for it. */
  publish(elements: readonly Element[]): number | undefined {
    if (elements.length > this.#free.length) return undefined;
    const taken = this.#free.splice(0, elements.length);
    const [head = 0] = taken;
    this.#inFlight.set(head, taken);
    if (this.ring instanceof SplitDriverRing) {
      for (const [index, element] of elements.entries()) {
        const flags = (element.flags ?? 0) | (index === elements.length - 1 ? 0 : NEXT);
        this.ring.descriptor(taken[index] ?? 0, element, flags, taken[index + 1] ?? 0);
      }
      this.ring.show(head);
    } else this.ring.publish(elements, head);
    return head;
  }

  returned(): readonly Returned[] {
    const back = this.ring.returned();
    for (const { id } of back) {
      this.#free.push(...(this.#inFlight.get(id) ?? []));
      this.#inFlight.delete(id);
    }
    return back;
  }
}
