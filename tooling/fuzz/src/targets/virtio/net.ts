import {
  type FrameOffload,
  MAXIMUM_FRAME,
  type NetBackend,
  type NetFrame,
  type NetHandlers,
} from '@vivarium/contracts';
import { VirtioNet } from '@vivarium/virtio-net';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { pack } from './fields.ts';
import { virtioTarget } from './virtio-target.ts';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
/** Of what waits at most while the device has no room. */
const MOST_WAITING = 64;

/** What a network may be asked to do to a frame, and what not. */
const minds = ({ pieces, length, offload }: NetFrame): void => {
  must(length === pieces.reduce((sum, piece) => sum + piece.length, 0), 'a frame must be as long as its pieces');
  must(length >= 14 && length <= MAXIMUM_FRAME, `a network must not be sent ${length} bytes`);
  const { checksum, segment } = offload ?? {};
  if (checksum !== undefined)
    must(checksum.start + checksum.offset + 2 <= length, 'a check sum must be inside of its frame');
  if (segment !== undefined) must(segment.size > 0, 'segments must have a size');
};

/** A network that takes what it is sent, or is full, and has frames for the guest. */
class Network implements NetBackend {
  readonly accepts = { checksum: true, tcp4: true, tcp6: true };
  linkUp = true;
  full = false;
  handlers: NetHandlers | undefined;
  readonly waiting: NetFrame[] = [];

  send(frame: NetFrame): boolean {
    minds(frame);
    return !this.full;
  }

  connect(handlers: NetHandlers): void {
    this.handlers = handlers;
  }

  resume(): void {
    while (this.waiting[0] !== undefined && this.handlers?.receive(this.waiting[0]) === true) this.waiting.shift();
  }

  offer(frame: NetFrame): void {
    if (this.waiting.length < MOST_WAITING) this.waiting.push(frame);
    this.resume();
  }
}

const header = (choices: Choices): Uint8Array =>
  pack([
    [1, choices.byte() & 3],
    [1, choices.pick([0, 1, 4, 0x81, 3, 5, 0xff])],
    [2, choices.size(0xffff)],
    [2, choices.size(0xffff)],
    [2, choices.pick([34, 14, 0, 54, 0xffff])],
    [2, choices.pick([16, 6, 0, 0xffff])],
    [2, choices.byte()],
  ]);

const frameOf = (choices: Choices): Uint8Array => {
  const to = choices.pick([MAC, new Uint8Array(6).fill(0xff), Uint8Array.of(1, 0, 0x5e, 0, 0, 1), new Uint8Array(6)]);
  const type = choices.pick([0x0008, 0xdd86, 0x0608, 0x0081]);
  return pack([to, Uint8Array.of(2, 0, 0, 0, 0, 2), [2, type], choices.bytes(choices.size(70_000))]);
};

const CONTROLS = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 0, 0],
  [1, 1, 6],
  [5, 0, 8],
  [2, 0, 2],
  [4, 0, 2],
  [0xff, 0xff, 0],
] as const;

const tables = (choices: Choices): Uint8Array =>
  pack(
    [0, 1].flatMap(() => {
      const claimed = choices.size();
      return [[4, claimed] as const, choices.bytes(6 * Math.min(claimed, 20))];
    }),
  );

const request = (choices: Choices) => {
  const queue = choices.pick([1, 1, 0, 2]);
  if (queue === 0) return { queue, readable: new Uint8Array(0), writable: choices.size(70_000) };
  if (queue === 1) {
    const whole = pack([header(choices), choices.rarely(8) ? choices.bytes(choices.size(70_000)) : frameOf(choices)]);
    return { queue, readable: choices.rarely(8) ? whole.subarray(0, choices.below(30)) : whole, writable: 0 };
  }
  const [kind, command, length] = choices.pick(CONTROLS);
  const data =
    kind === 1 && command === 0 ? tables(choices) : choices.bytes(choices.rarely(4) ? choices.byte() : length);
  return {
    queue,
    readable: pack([Uint8Array.of(kind, command), data]),
    writable: choices.rarely(6) ? choices.byte() : 1,
  };
};

const offloadOf = (choices: Choices): FrameOffload => ({
  ...(choices.rarely(2)
    ? { checksum: { start: choices.pick([34, 0, 70_000]), offset: choices.pick([16, 6, 9999]) } }
    : {}),
  ...(choices.rarely(2)
    ? {
        segment: {
          protocol: choices.pick(['tcp4', 'tcp6'] as const),
          size: choices.size(),
          headerLength: choices.size(300),
        },
      }
    : {}),
});

const make = (choices: Choices): DeviceUnderFuzz => {
  const backend = new Network();
  const device = new VirtioNet({ backend, mac: MAC, queueSize: choices.pick([16, 8, 2]) });
  backend.connect(device);
  return {
    device,
    probe: { queue: 1, readable: [new Uint8Array(12), new Uint8Array(60)] },
    request,
    host: (host, see) => {
      const act = host.below(8);
      if (act < 5) {
        const bytes = frameOf(host);
        const cut = host.below(bytes.length + 1);
        const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
        backend.offer({ pieces, length: bytes.length, ...(host.rarely(4) ? { offload: offloadOf(host) } : {}) });
        see(`waiting ${Math.min(backend.waiting.length, 2)}`);
      } else if (act === 5) {
        backend.full = !backend.full;
        if (!backend.full) device.drained();
      } else if (act === 6) {
        backend.linkUp = !backend.linkUp;
        device.linkChanged(backend.linkUp);
      } else backend.resume();
    },
    answered: ({ queue }, answer, length, see) => {
      if (queue === 2) {
        see(`control ${answer.at(0)}`);
        must(length === 1 && (answer.at(0) ?? 9) <= 1, 'a control command must be acknowledged with 0 or 1');
      }
    },
    heal: () => {
      backend.full = false;
      device.drained();
    },
  };
};

export const net = virtioTarget(['packages/virtio/net'], make);
