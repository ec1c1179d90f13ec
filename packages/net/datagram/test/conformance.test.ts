import { NetBackendToken } from '@vivarium/contracts';
import { netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { type DatagramLink, netDatagram } from '../src/index.ts';

/** Sends every datagram back with its addresses swapped; what was sent is done a little later. */
class EchoLink implements DatagramLink {
  #listener: ((bytes: Uint8Array) => void) | undefined;
  readonly #waiting: (() => void)[] = [];

  send(bytes: Uint8Array, done: () => void): void {
    const answer = bytes.slice();
    answer.set(bytes.subarray(0, 6), 6);
    answer.set(bytes.subarray(6, 12), 0);
    this.#waiting.push(done, () => this.#listener?.(answer));
  }

  listen(listener: ((bytes: Uint8Array) => void) | undefined): void {
    this.#listener = listener;
  }

  settle(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
  }
}

const make = async () => {
  const link = new EchoLink();
  const part = await setupPart(netDatagram, { options: { link } });
  return {
    backend: part.get(NetBackendToken),
    question: (index: number) =>
      Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, index >> 8, index & 0xff, 7, 7]),
    isAnswer: (index: number, frame: Uint8Array) =>
      frame.length === 18 && frame[12] === 0x88 && frame[14] === index >> 8 && frame[15] === (index & 0xff),
    settle: () => link.settle(),
    dispose: () => part.part.dispose?.(),
  };
};

describe('datagrams as a network backend', () => {
  it.each(netBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
