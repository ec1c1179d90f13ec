import { NetBackendToken } from '@vivarium/contracts';
import { netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { netWebSocket } from '../src/index.ts';
import { FakeSocket, fakeLater } from './fake-socket.ts';

const DEVICE = [0x52, 0x54, 0, 0, 0, 1];
const STATION = [0x52, 0x54, 0, 0, 0, 2];

/** A relay behind which a station sends everything back. */
const make = async () => {
  const timers = fakeLater();
  const socket = new FakeSocket([]);
  const options = { url: 'ws://relay.test/', buffer: 65_536, open: () => socket, later: timers.later };
  const { part, get } = await setupPart(netWebSocket, { options });
  socket.tell('open');
  let handled = 0;
  const settle = (): void => {
    for (; handled < socket.sent.length; handled += 1) {
      const bytes = Uint8Array.from(socket.sent[handled] ?? []);
      bytes.set(bytes.slice(6, 12), 0);
      bytes.set(STATION, 6);
      socket.message(bytes);
    }
    socket.bufferedAmount = 0;
    timers.expire();
  };
  return {
    backend: get(NetBackendToken),
    question: (index: number) => Uint8Array.from([...STATION, ...DEVICE, 0x88, 0xb5, index >> 8, index & 0xff, 7, 7]),
    isAnswer: (index: number, frame: Uint8Array) =>
      frame.length === 18 && frame[12] === 0x88 && frame[14] === index >> 8 && frame[15] === (index & 0xff),
    settle,
    dispose: () => part.dispose?.(),
  };
};

describe('an uplink as a network backend', () => {
  it.each(netBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
