import type { BalloonTarget } from './balloon-target.ts';
import { errors } from '../errors.ts';
import type { Patience } from './patience.ts';

/** Memory that a guest has: all of it but for what is in its balloon. */
export class MemoryChange {
  readonly #target: BalloonTarget | undefined;
  /** Bytes of the machine. */
  readonly #size: number;

  constructor(target: BalloonTarget | undefined, size: number) {
    this.#target = target;
    this.#size = size;
  }

  /** Bytes that the guest may have. */
  get bytes(): number {
    return this.#size - (this.#target?.owner ?? 0);
  }

  /**
   * Asks the guest, and waits until the balloon is as large as it is to be; without patience, a guest that has not started
   * finds the wish when it does. A guest that does not follow is asked for what it was asked for before.
   */
  async set(bytes: number, patience: Patience | undefined): Promise<void> {
    const target = this.#target;
    if (target === undefined) {
      throw errors.make('VIV_CELL_UNCHANGEABLE', 'the machine has no balloon, so the memory of its guest is fixed');
    }
    if (bytes > this.#size) {
      throw errors.make(
        'VIV_CELL_CHANGE',
        `the machine has ${this.#size} bytes of memory, its guest cannot have ${bytes}`,
      );
    }
    const { balloon, owner: before } = target;
    target.want('owner', this.#size - bytes);
    if (patience === undefined) return;
    const wanted = target.owner;
    const follows =
      wanted >= before
        ? () => balloon.active && balloon.actual >= wanted
        : () => balloon.active && balloon.actual <= Math.max(wanted, balloon.target);
    try {
      await patience.until(follows);
    } catch (error) {
      target.want('owner', before);
      throw error;
    }
  }
}
