import { NetBackendToken, type NetFrame, type NetHandlers } from '@vivarium/contracts';
import { concatenate, frameOf } from '@vivarium/net-packet';
import { fakeClock, netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createSwitch, type SwitchPortOptions, switchPort } from '../src/index.ts';

const DEVICE = [0x52, 0x54, 0, 0, 0, 1];
const STATION = [0x52, 0x54, 0, 0, 0, 2];

/** A switch with the device's port and a station that sends everything back. */
const make = (device: SwitchPortOptions, station: SwitchPortOptions) => async () => {
  const clock = fakeClock();
  const lan = createSwitch({ clock, queue: { frames: 256, bytes: 2 ** 20 } });
  const part = await setupPart(switchPort, { options: { port: lan.port(device) } });
  const far = lan.port(station);
  const echo: NetHandlers = {
    accepts: { checksum: true, tcp4: true, tcp6: true },
    receive: (frame: NetFrame) => {
      const bytes = concatenate(frame.pieces);
      bytes.set(bytes.slice(6, 12), 0);
      bytes.set(STATION, 6);
      far.send({ ...frameOf(bytes), ...(frame.offload === undefined ? {} : { offload: frame.offload }) });
      return true;
    },
    drained: () => {},
    linkChanged: () => {},
  };
  far.connect(echo);
  return {
    backend: part.get(NetBackendToken),
    question: (index: number) => Uint8Array.from([...STATION, ...DEVICE, 0x88, 0xb5, index >> 8, index & 0xff, 7, 7]),
    isAnswer: (index: number, frame: Uint8Array) =>
      frame.length === 18 && frame[12] === 0x88 && frame[14] === index >> 8 && frame[15] === (index & 0xff),
    settle: () => clock.advance(1000),
    dispose: () => part.part.dispose?.(),
  };
};

describe('a port of the switch as a network backend', () => {
  it.each(netBackendSuite(make({}, {})))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a port behind a trunk as a network backend', () => {
  const suite = netBackendSuite(make({ vlan: 7 }, { vlan: 7, trunk: 'all' }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a port with rate limits as a network backend', () => {
  const limits = { bytes: { rate: 1e9, burst: 1e6 }, operations: { rate: 1e8, burst: 1e5 } };
  const suite = netBackendSuite(make({ rate: { transmit: limits, receive: limits } }, {}));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
