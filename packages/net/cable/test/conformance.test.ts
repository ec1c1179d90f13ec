import { NetBackendToken, type NetFrame } from '@vivarium/contracts';
import { concatenate, frameOf } from '@vivarium/net-packet';
import { netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createCableEnd, netCable } from '../src/index.ts';
import { settled } from './settled.ts';

const DEVICE = [0x52, 0x54, 0, 0, 0, 1];
const STATION = [0x52, 0x54, 0, 0, 0, 2];

/** A cable with the device at one end and a station that sends everything back at the other. */
const make = async () => {
  const { port1, port2 } = new MessageChannel();
  const far = createCableEnd({ channel: port2 });
  const { part, get } = await setupPart(netCable, { options: { channel: port1 } });
  const unanswered: Uint8Array[] = [];
  const answer = (): void => {
    for (let next = unanswered[0]; next !== undefined && far.send(frameOf(next)); next = unanswered[0]) {
      unanswered.shift();
    }
  };
  far.connect({
    accepts: {},
    receive: (frame: NetFrame) => {
      if (unanswered.length > 0) return false;
      const bytes = concatenate(frame.pieces);
      bytes.set(bytes.slice(6, 12), 0);
      bytes.set(STATION, 6);
      unanswered.push(bytes);
      answer();
      return true;
    },
    drained: () => {
      answer();
      far.resume();
    },
    linkChanged: () => {},
  });
  const settle = () => settled(port1, port2);
  await settle();
  const backend = get(NetBackendToken);
  expect(backend.linkUp).toBe(true);
  return {
    backend,
    question: (index: number) => Uint8Array.from([...STATION, ...DEVICE, 0x88, 0xb5, index >> 8, index & 0xff, 7, 7]),
    isAnswer: (index: number, frame: Uint8Array) =>
      frame.length === 18 && frame[12] === 0x88 && frame[14] === index >> 8 && frame[15] === (index & 0xff),
    settle,
    dispose: async () => {
      await part.dispose?.();
      far.close();
    },
  };
};

describe('an end of a cable as a network backend', () => {
  it.each(netBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
