import { NetBackendToken } from '@vivarium/contracts';
import { icmpFrame, parseIcmp } from '@vivarium/net-packet';
import { netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { nat } from '../src/index.ts';
import { FakeHost } from './guest/fake-host.ts';
import { GATEWAY, GUEST, GUEST_MAC, NAT_MAC } from './guest/guest.ts';

const ENDS = { sourceMac: GUEST_MAC, destinationMac: NAT_MAC, source: GUEST, destination: GATEWAY };

const make = async () => {
  const { part, get, clock } = await setupPart(nat, { options: { host: new FakeHost() } });
  await part.reset?.();
  await part.start?.();
  return {
    backend: get(NetBackendToken),
    question: (index: number) =>
      icmpFrame(ENDS, { type: 8, code: 0, rest: index * 0x1_0000 + 1, data: Uint8Array.of(1, 2, 3) }),
    isAnswer: (index: number, frame: Uint8Array) => {
      const message = parseIcmp(frame, 34);
      return message?.type === 0 && message.rest === (index * 0x1_0000 + 1) >>> 0 && message.data.length === 3;
    },
    settle: () => clock.advance(1000),
    dispose: () => part.dispose?.(),
  };
};

describe('the translator as a network backend', () => {
  it.each(netBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
