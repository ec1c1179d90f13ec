import type { Lease, Stint } from '../lease.ts';
import type { CellRequest } from './messages.ts';
import type { Questions } from './questions.ts';

const ENDED: Stint = { ranFor: 0, next: 'ended' };

/** The lease of a cell at the other end of a channel. */
export class RemoteLease implements Lease {
  readonly #questions: Questions;
  readonly #send: (request: CellRequest) => void;
  readonly #listeners = new Set<(vcpu: number) => void>();
  /** Called for grants that the end of the cell overtakes. */
  readonly #open = new Set<() => void>();
  #over = false;

  constructor(questions: Questions, send: (request: CellRequest) => void) {
    this.#questions = questions;
    this.#send = send;
  }

  async grant(vcpu: number, nanoseconds: number, stolen?: number): Promise<Stint> {
    if (this.#over) return ENDED;
    const asked = this.#questions.ask('give a pCPU back', undefined, (id) =>
      this.#send({ kind: 'grant', id, vcpu, nanoseconds, ...(stolen === undefined ? {} : { stolen }) }),
    );
    let lost = (): void => {};
    const overtaken = new Promise<Stint>((resolve) => {
      lost = () => resolve(ENDED);
    });
    this.#open.add(lost);
    try {
      return await Promise.race([asked.then(({ stint }) => stint ?? ENDED), overtaken]);
    } finally {
      this.#open.delete(lost);
    }
  }

  revoke(vcpu: number): void {
    if (!this.#over) this.#send({ kind: 'revoke', vcpu });
  }

  onWake(listener: (vcpu: number) => void): () => void {
    const entry = (vcpu: number): void => listener(vcpu);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  woken(vcpu: number): void {
    for (const listener of this.#listeners) listener(vcpu);
  }

  /** The cell is gone: every grant ends, and whoever waits for a vCPU hears that there is nothing to wait for. */
  end(vcpus: number): void {
    this.#over = true;
    for (const lost of this.#open) lost();
    for (let vcpu = 0; vcpu < vcpus; vcpu++) this.woken(vcpu);
  }
}
