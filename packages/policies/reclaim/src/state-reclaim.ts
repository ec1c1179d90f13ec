import {
  type GuestMemoryFacts,
  type GuestReclaim,
  type HostCapacity,
  type MemoryWatch,
  PAGE_BYTES,
  type Reclaim,
  type ReclaimDecision,
  type ReclaimFacts,
  type ReclaimWatch,
  type ResourcePolicy,
} from '@vivarium/contracts';

const pages = (bytes: number): number => Math.max(0, Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES);

/** Follows one host: the state by what is free, and from each guest what the resource policy takes from it. */
export class StateReclaim implements ReclaimWatch {
  readonly #resources: Pick<ResourcePolicy, 'revokeMemory'>;
  readonly #memory: MemoryWatch;
  readonly #largestBalloon: number;

  /** `largestBalloon` is a part of a guest's RAM. */
  constructor(
    resources: Pick<ResourcePolicy, 'watchMemory' | 'revokeMemory'>,
    host: HostCapacity,
    largestBalloon: number,
  ) {
    this.#resources = resources;
    this.#memory = resources.watchMemory(host);
    this.#largestBalloon = largestBalloon;
  }

  decide({ free, guests }: ReclaimFacts): ReclaimDecision {
    const state = this.#memory.update(free);
    const { reclaims, wanted } = this.#memory;
    if (state === 'high') return { state, reclaims, guests: this.#giveBack(guests) };
    const uses = guests.map(({ claims, held, active }) => ({ claims, held, active }));
    const amounts = this.#resources.revokeMemory(wanted, uses);
    return {
      state,
      reclaims,
      guests: guests.map((guest, index) => this.#take(guest, amounts[index] ?? 0, reclaims)),
    };
  }

  #take(guest: GuestMemoryFacts, amount: number, reclaims: readonly Reclaim[]): GuestReclaim {
    const { claims, compressed, swapped } = guest;
    const does = (what: Reclaim): boolean => reclaims.includes(what);
    // The bound of what is compressed is one of memory; two pages in it are one page won.
    const room = pages(compressed.most - compressed.held);
    const compress = does('compress') ? Math.min(pages(amount), room) : 0;
    const swap = does('swap') ? Math.min(pages(amount) - compress, pages(swapped.most - swapped.used)) : 0;
    return {
      guest: claims.guest,
      share: does('share'),
      ...(does('balloon') ? this.#inflate(guest, amount) : {}),
      compress,
      swap,
      wait: does('block') && amount > 0,
    };
  }

  #inflate({ claims, balloon }: GuestMemoryFacts, amount: number): { readonly balloon?: number } {
    if (balloon === undefined) return {};
    const most = Math.min(balloon.limit, claims.memory.size * this.#largestBalloon);
    // What was asked for before and is still on its way counts.
    const target = pages(Math.min(Math.max(balloon.actual + amount, balloon.target), most));
    return target > balloon.target ? { balloon: target } : {};
  }

  /** Balloons go down by no more than there is to spare, so that nobody has to blow them up again at once. */
  #giveBack(guests: readonly GuestMemoryFacts[]): readonly GuestReclaim[] {
    const held = guests.reduce((sum, { balloon }) => sum + (balloon?.target ?? 0), 0);
    const part = held === 0 ? 0 : Math.min(1, this.#memory.spare / held);
    return guests.map(({ claims: { guest }, balloon }) => ({
      guest,
      share: false,
      compress: 0,
      swap: 0,
      wait: false,
      ...(balloon !== undefined && balloon.target > 0 && part > 0
        ? { balloon: pages(balloon.target * (1 - part)) }
        : {}),
    }));
  }
}
