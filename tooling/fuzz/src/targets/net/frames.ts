import type { FrameOffload } from '@vivarium/contracts';
import * as p from '@vivarium/net-packet';
import type { Choices } from '../../engine/choices.ts';

/** Addresses of the network that a translator makes: itself, its name server, its first guest. */
const GATEWAY = 0x0a00_0202;
const DNS = 0x0a00_0203;
export const GUEST = 0x0a00_020f;
const OTHERS = [
  GATEWAY,
  DNS,
  0x0808_0808,
  0xa9fe_a9fe,
  0xffff_ffff,
  0x0a00_02ff,
  0xe000_0001,
  0,
  0x7f00_0001,
  0xc0a8_0001,
];
const GUEST_MAC = 0x0200_0000_0001;

/** What the guest knows of its connections: the numbers that the other side has used, by the guest's port. */
export type Numbers = Map<number, { readonly sequence: number; readonly next: number }>;

const endsOf = (choices: Choices): p.Ends => ({
  sourceMac: choices.rarely(16) ? choices.u32() : GUEST_MAC,
  destinationMac: choices.rarely(8) ? p.BROADCAST_MAC : 0x5255_0a00_0202,
  source: choices.rarely(12) ? choices.u32() : GUEST,
  destination: choices.pick(OTHERS),
});

const near = (value: number, choices: Choices): number =>
  (value + choices.pick([0, 1, -1, choices.u16(), -choices.u16(), choices.u32()])) >>> 0;

const segment = (choices: Choices, numbers: Numbers): Uint8Array => {
  const port = 2000 + choices.below(6);
  const known = numbers.get(port);
  const header = {
    sourcePort: port,
    destinationPort: choices.pick([80, 53, 443, 0]),
    sequence: near(known?.sequence ?? 1000, choices),
    acknowledgment: near(known?.next ?? 0, choices),
    flags: choices.pick([2, 16, 24, 17, 18, 4, 20, 1, 0, 0xff, 0x29]),
    window: choices.pick([0xffff, 0, 1, 100]),
    urgent: choices.pick([0, 7]),
    options: choices.pick<p.TcpOptions>([
      {},
      { maximumSegment: 1460, windowScale: 7 },
      { maximumSegment: 0 },
      { windowScale: 15 },
    ]),
  };
  const ends = { ...endsOf(choices), destination: OTHERS[port % 3] ?? GATEWAY };
  const frame = p.tcpFrame(ends, header, choices.bytes(choices.size(30_000)));
  // A good guest goes on from here.
  const sent = (header.flags & 3) !== 0 ? 1 : 0;
  numbers.set(port, { sequence: (header.sequence + sent) >>> 0, next: known?.next ?? 0 });
  return frame;
};

const dhcp = (choices: Choices): Uint8Array =>
  p.buildDhcp({
    ...{ operation: choices.pick([1, 2]), transaction: choices.u32(), seconds: 0, broadcast: choices.rarely(2) },
    ...{ client: choices.rarely(3) ? GUEST : 0, your: 0, server: 0, relay: choices.rarely(8) ? choices.u32() : 0 },
    hardware: GUEST_MAC + choices.below(40),
    options: new Map([
      [53, Uint8Array.of(choices.pick([1, 3, 7, 4, 8, 2, 0]))],
      [50, choices.bytes(choices.pick([4, 0, 3]))],
      [choices.pick([54, 55, 57, 61, 82]), choices.bytes(choices.below(20))],
    ]),
  });

const question = (choices: Choices): Uint8Array => {
  const names = ['example.com', 'localhost', '', 'a.'.repeat(40), 'x'.repeat(70), 'gateway'];
  const built = p.buildDns({
    ...{ id: choices.u16(), response: choices.rarely(8), opcode: choices.rarely(8) ? 2 : 0, authoritative: false },
    ...{ truncated: false, recursionDesired: true, recursionAvailable: false, reserved: 0, code: 0 },
    questions: [{ name: choices.pick(names), type: choices.pick([1, 28, 12, 255, 0]), class: 1 }],
    ...{ answers: [], authorities: [], additionals: [] },
  });
  return built ?? choices.bytes(40);
};

const datagram = (choices: Choices): Uint8Array => {
  const port = choices.pick([53, 67, 123, 68, 0, 7000]);
  const payload = port === 53 ? question(choices) : port === 67 ? dhcp(choices) : choices.bytes(choices.size(9000));
  const ends = port === 53 ? { ...endsOf(choices), destination: DNS } : endsOf(choices);
  return p.udpFrame(ends, port === 67 ? 68 : choices.u16(), port, payload);
};

const fragment = (choices: Choices): Uint8Array => {
  const frame = p.udpFrame(endsOf(choices), 9, 7000, choices.bytes(choices.size(3000)));
  p.writeIpv4(frame, 14, {
    ...{ source: GUEST, destination: choices.pick(OTHERS), protocol: choices.pick([17, 6, 1]) },
    totalLength: frame.length - 14,
    identification: choices.below(8),
    moreFragments: choices.rarely(2),
    fragmentOffset: choices.pick([0, 8, 1480, 65_528, 8 * choices.below(8000)]),
  });
  return frame;
};

const others = (choices: Choices): Uint8Array => {
  if (!choices.rarely(2)) {
    const packet = {
      operation: choices.pick([1, 2, 0, 3]),
      senderMac: GUEST_MAC + choices.below(64),
      sender: GUEST + choices.below(64),
      targetMac: choices.u32(),
    };
    return p.arpFrame(p.BROADCAST_MAC, { ...packet, target: choices.pick(OTHERS) });
  }
  const message = {
    type: choices.pick([8, 0, 3, 11, 200]),
    code: choices.below(14),
    rest: choices.u32(),
    data: choices.bytes(choices.size(3000)),
  };
  return p.icmpFrame(endsOf(choices), message);
};

/** A frame of a guest: right, or nearly. */
export const frameOf = (choices: Choices, numbers: Numbers): Uint8Array => {
  const kind = choices.below(10);
  let frame =
    kind < 5
      ? segment(choices, numbers)
      : kind < 8
        ? datagram(choices)
        : kind === 8
          ? fragment(choices)
          : others(choices);
  for (let changes = choices.rarely(3) ? choices.below(4) : 0; changes > 0; changes--)
    frame[choices.u16() % Math.min(frame.length, 80)] = choices.byte();
  if (choices.rarely(16)) frame = frame.slice(0, choices.u16() % frame.length);
  return frame;
};

export const offloadOf = (choices: Choices): FrameOffload => ({
  ...(choices.rarely(3)
    ? { checksum: { start: choices.pick([34, 14, 0, 70_000]), offset: choices.pick([16, 6, 9999]) } }
    : {}),
  ...(choices.rarely(3)
    ? {
        segment: {
          protocol: choices.pick(['tcp4', 'tcp6'] as const),
          size: choices.size(70_000),
          headerLength: choices.size(300),
        },
      }
    : {}),
});
