import { VivariumError } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import type { CodedError } from './end.ts';
import type { CellReport } from './messages.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

export type Answer = Extract<CellReport, { readonly kind: 'answer' }>;

interface Open {
  readonly done: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
  readonly timer: unknown;
}

/** Questions that a cell has not answered at a time. */
const MOST_OPEN = 256;

/** An error that came as data. */
export const revived = ({ code, message, hint }: CodedError): VivariumError =>
  new VivariumError(code, message, hint === undefined ? {} : { hint });

/** Questions to a cell, and who waits for the answers. */
export class Questions {
  readonly #open = new Map<number, Open>();
  #last = 0;

  /** Calls `send` with a fresh id. Rejects with the cell's error, `VIV_CELL_DEADLINE`, or what {@link fail} says. */
  ask(what: string, deadline: number | undefined, send: (id: number) => void): Promise<Answer> {
    if (this.#open.size >= MOST_OPEN) {
      return Promise.reject(errors.make('VIV_CELL_DEADLINE', `${MOST_OPEN} questions to the cell wait for an answer`));
    }
    const id = ++this.#last;
    return new Promise((done, failed) => {
      const late = (): void => {
        this.#open.delete(id);
        failed(errors.make('VIV_CELL_DEADLINE', `the cell did not ${what} within ${deadline} ms`));
      };
      const timer = deadline === undefined ? undefined : setTimeout(late, deadline);
      this.#open.set(id, { done, failed, timer });
      send(id);
    });
  }

  /** An answer came; one that nobody waits for any more is dropped. */
  answer(answer: Answer): void {
    const open = this.#open.get(answer.id);
    if (open === undefined) return;
    this.#open.delete(answer.id);
    clearTimeout(open.timer);
    if (answer.error === undefined) open.done(answer);
    else open.failed(revived(answer.error));
  }

  /** No answers come any more. */
  fail(error: unknown): void {
    const waiting = [...this.#open.values()];
    this.#open.clear();
    for (const { failed, timer } of waiting) {
      clearTimeout(timer);
      failed(error);
    }
  }
}
