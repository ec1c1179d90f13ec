import type { NetFrame } from '@vivarium/contracts';
import { concatenate, parseEthernet } from '@vivarium/net-packet';
import { createSwitch, type SwitchPort } from '@vivarium/net-switch';
import { fakeClock } from '@vivarium/testkit';
import { Choices } from '../../engine/choices.ts';
import { type FuzzTarget, must } from '../../engine/target.ts';
import { frameOf, type Numbers, offloadOf } from './frames.ts';

/** Who may hear whom: VLAN 1, VLAN 2, a trunk of both, two that are isolated, and one that is slow. */
const PORTS = [
  { vlan: 1 },
  { vlan: 2 },
  { vlan: 1, trunk: [1, 2] },
  { vlan: 1, isolated: true },
  { vlan: 1, isolated: true },
  {
    vlan: 2,
    rate: { transmit: { bytes: { rate: 1000, burst: 3000 } }, receive: { operations: { rate: 10, burst: 4 } } },
  },
] as const;
const TRUNK = 2;
const MOST_FRAMES = 5000;

const macOf = (port: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, port);

/** A frame of any kind between two of the ports, or to all. */
const between = (choices: Choices, numbers: Numbers): { readonly from: number; readonly bytes: Uint8Array } => {
  const from = choices.below(PORTS.length);
  const bytes = choices.rarely(6) ? choices.bytes(choices.size(70_000)) : frameOf(choices, numbers);
  if (bytes.length < 14) return { from, bytes };
  if (!choices.rarely(8)) bytes.set(macOf(choices.rarely(8) ? choices.byte() : from), 6);
  bytes.set(
    choices.pick([
      macOf(choices.below(PORTS.length)),
      new Uint8Array(6).fill(0xff),
      Uint8Array.of(1, 0x80, 0xc2, 0, 0, 0),
      macOf(choices.byte()),
    ]),
  );
  if (!choices.rarely(3)) return { from, bytes };
  const tag = Uint8Array.of(0x81, 0, choices.byte() & 0xf0, choices.pick([1, 2, 3, 0, 255]));
  return { from, bytes: concatenate([bytes.subarray(0, 12), tag, bytes.subarray(12)]) };
};

/** Frames between the ports of a switch. */
export const ethernetSwitch: FuzzTarget = {
  covers: ['packages/net/switch', 'packages/net-packet'],
  run: (program, see) => {
    const clock = fakeClock();
    const lan = createSwitch({
      clock,
      addresses: { capacity: 16, perPort: 6, ageing: 300e9 },
      queue: { frames: 16, bytes: 100_000 },
    });
    const ports: SwitchPort[] = PORTS.map((options) => lan.port(options));
    const mirror = lan.port({ mirror: 'all' });
    const refuses = new Set<number>();
    let frames = 0;
    let heard: { readonly port: number; readonly tag: number | undefined }[] = [];
    const device = (port: number) => ({
      accepts: {},
      receive: (frame: NetFrame): boolean => {
        if (refuses.has(port)) return false;
        frames += 1;
        must(frames < MOST_FRAMES, 'what one action leads to must be bounded');
        const { checksum, segment } = frame.offload ?? {};
        must(frame.length >= 14 && (checksum ?? segment) === undefined, 'a device gets frames that it takes');
        heard.push({ port, tag: parseEthernet(concatenate(frame.pieces))?.header.tag?.id });
        return true;
      },
      drained: () => {},
      linkChanged: () => {},
    });
    for (const [index, port] of [...ports, mirror].entries()) port.connect(device(index));
    const numbers: Numbers = new Map();
    for (const action of program) {
      const choices = new Choices(action);
      frames = 0;
      heard = [];
      const what = choices.below(12);
      if (what < 9) {
        const { from, bytes } = between(choices, numbers);
        const tagged = bytes.length >= 14 ? parseEthernet(bytes)?.header.tag?.id : undefined;
        const quiet = ports.every((_port, index) => !refuses.has(index));
        ports[from]?.send({
          pieces: [bytes],
          length: bytes.length,
          ...(choices.rarely(4) ? { offload: offloadOf(choices) } : {}),
        });
        // With nobody waiting, what is heard now comes from this frame.
        if (quiet)
          checkApart(
            from,
            tagged,
            heard.map(({ port }) => port),
          );
        see(`${from} ${heard.map(({ port }) => port).join()}`);
      } else if (what === 9) clock.advance(choices.pick([1e6, 1e8, 1e9, 1e10, 4e11]));
      else if (what === 10) {
        const port = choices.below(PORTS.length + 1);
        if (!refuses.delete(port)) refuses.add(port);
        else [...ports, mirror][port]?.resume();
      } else {
        const port = ports[choices.below(ports.length)];
        if (choices.rarely(3)) port?.flush();
        else port?.hold();
        if (!choices.rarely(3)) port?.resume();
      }
      for (const { tag } of heard.filter(({ port }) => port < PORTS.length && port !== TRUNK))
        must(tag === undefined || tag === 0, 'only a trunk gets tags');
      must(lan.addressCount <= 16, 'addresses have a bound');
    }
    lan.dispose();
    must(clock.nextDeadline === undefined, 'a switch that is disposed of has no timer');
  },
};

const checkApart = (from: number, tagged: number | undefined, to: readonly number[]): void => {
  for (const port of to) {
    if (port === PORTS.length || port === TRUNK || from === TRUNK) continue;
    // The slow port has frames of before.
    if (port === 5) continue;
    must(port !== from, 'a frame must not come back');
    must(
      PORTS[port]?.vlan === PORTS[from]?.vlan,
      `VLANs are apart, and port ${port} heard port ${from} (tag ${tagged})`,
    );
    must(!(from >= 3 && from <= 4 && port >= 3 && port <= 4), 'isolated ports do not hear each other');
  }
};
