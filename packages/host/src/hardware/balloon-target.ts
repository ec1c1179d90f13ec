import { type MemoryBalloon, PAGE_BYTES } from '@vivarium/contracts';

const pages = (bytes: number): number => Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES;

/**
 * What a balloon is asked for: the owner of a machine says how much its guest is to do without, and a host that is short of
 * memory how much it wants. Whoever wants more has it.
 */
export class BalloonTarget {
  readonly balloon: MemoryBalloon;
  #owner: number;
  #reclaim = 0;

  /** What the balloon is asked for from the start is the owner's wish. */
  constructor(balloon: MemoryBalloon) {
    this.balloon = balloon;
    this.#owner = balloon.target;
  }

  get owner(): number {
    return this.#owner;
  }

  /** Bytes, at most the balloon's limit. */
  want(who: 'owner' | 'reclaim', bytes: number): void {
    const wanted = pages(Math.min(bytes, this.balloon.limit));
    if (who === 'owner') this.#owner = wanted;
    else this.#reclaim = wanted;
    this.balloon.setTarget(Math.max(this.#owner, this.#reclaim));
  }
}
