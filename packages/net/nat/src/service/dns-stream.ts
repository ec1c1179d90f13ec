import { concatenate, read16, write16 } from '@vivarium/net-packet';
import type { HostTcpEvents, HostTcpSocket } from '../host/host-network.ts';
import type { DnsForwarder } from './dns-forwarder.ts';

/** Questions of one connection that may be open at once. */
const MOST_QUESTIONS = 16;
const EMPTY = new Uint8Array(0);

/** DNS over TCP (RFC 1035, section 4.2.2): the far end of a guest's connection, inside of the translator. */
export class DnsStream implements HostTcpSocket {
  readonly #forwarder: DnsForwarder;
  readonly #events: HostTcpEvents;
  #input: Uint8Array = EMPTY;
  #questions = 0;
  #ending = false;
  #closed = false;

  constructor(forwarder: DnsForwarder, events: HostTcpEvents) {
    this.#forwarder = forwarder;
    this.#events = events;
    this.#later(() => events.connected());
  }

  /** What waits here counts as not taken, so that the guest's window closes. */
  get pending(): number {
    return this.#input.length;
  }

  write(bytes: Uint8Array): void {
    this.#input = this.#input.length === 0 ? bytes : concatenate([this.#input, bytes]);
    this.#later(() => this.#ask());
  }

  end(): void {
    this.#ending = true;
    this.#later(() => this.#finish());
  }

  pause(): void {}

  resume(): void {}

  reset(): void {
    this.#closed = true;
    this.#input = EMPTY;
  }

  #ask(): void {
    const before = this.#input.length;
    while (this.#questions < MOST_QUESTIONS && this.#input.length >= 2) {
      const end = 2 + read16(this.#input, 0);
      if (this.#input.length < end) break;
      const message = this.#input.subarray(2, end);
      this.#input = this.#input.slice(end);
      const isQuestion = this.#forwarder.ask(message, 'stream', (answer) => this.#later(() => this.#answer(answer)));
      if (isQuestion) this.#questions += 1;
    }
    if (this.#input.length < before) this.#events.drained();
  }

  #answer(answer: Uint8Array): void {
    this.#questions -= 1;
    const length = new Uint8Array(2);
    write16(length, 0, answer.length);
    this.#events.data(concatenate([length, answer]));
    this.#ask();
    this.#finish();
  }

  #finish(): void {
    if (!this.#ending || this.#questions > 0 || this.#closed) return;
    this.#closed = true;
    this.#events.ended();
    this.#events.closed();
  }

  /** Events never come from within a call of the socket. */
  #later(act: () => void): void {
    void this.#soon(act);
  }

  async #soon(act: () => void): Promise<void> {
    await Promise.resolve();
    if (!this.#closed) act();
  }
}
