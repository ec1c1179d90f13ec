import type { MachineEvents } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import { TokenBucket } from '@vivarium/token-bucket';
import { hostNow } from '../event-loop.ts';
import { plainEvent } from './plain.ts';

/** Events that leave a cell. */
const NAMES: readonly (keyof MachineEvents)[] = [
  'machine:state',
  'machine:reset',
  'guest:power',
  'guest:fault',
  'part:failure',
  'log',
];

/** A guest can cause events as fast as it likes: so many a second leave the cell. */
const RATE = { rate: 50, burst: 200 };

/** Sends what a machine's event bus emits, as plain data, at a bounded rate. What is dropped is counted and reported. */
export class EventFeed {
  readonly #send: (name: string, event: unknown) => void;
  readonly #bucket = new TokenBucket(RATE, hostNow() * 1e6);
  readonly #removals: readonly (() => void)[];
  #dropped = 0;

  constructor(machine: Machine, send: (name: string, event: unknown) => void) {
    this.#send = send;
    this.#removals = NAMES.map((name) => machine.events.on(name, (event) => this.#emit(name, event)));
  }

  close(): void {
    for (const remove of this.#removals) remove();
  }

  #emit(name: string, event: unknown): void {
    if (!this.#bucket.take(1, hostNow() * 1e6)) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.#send('log', {
        part: 'cell',
        level: 'warn',
        message: 'events were dropped',
        facts: { count: this.#dropped },
      });
      this.#dropped = 0;
    }
    this.#send(name, plainEvent(event));
  }
}
