import { fakeCharBackend } from '@vivarium/testkit';
import { VirtioConsole } from '@vivarium/virtio-console';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { pack } from './fields.ts';
import { virtioTarget } from './virtio-target.ts';

/** Control messages of section 5.3.6.2. */
const EVENTS = [0, 3, 6, 1, 2, 4, 5, 7, 8, 0xffff];

const request = (choices: Choices) => {
  const queue = choices.pick([1, 0, 2, 3, 4, 5, 3]);
  if (queue % 2 === 0) return { queue, readable: new Uint8Array(0), writable: choices.size(70_000) };
  if (queue !== 3) return { queue, readable: choices.bytes(choices.size(70_000)), writable: 0 };
  const port = choices.pick([0, 1, 2, 31, 0xffff_ffff]);
  const message = pack([
    [4, port],
    [2, choices.pick(EVENTS)],
    [2, choices.pick([1, 0, 0xffff])],
    choices.bytes(choices.rarely(6) ? choices.byte() : 0),
  ]);
  return { queue, readable: choices.rarely(8) ? message.subarray(0, choices.below(9)) : message, writable: 0 };
};

const make = (): DeviceUnderFuzz => {
  const backends = [fakeCharBackend(), fakeCharBackend()];
  const [own, agent] = backends;
  if (own === undefined || agent === undefined) throw new RangeError('two backends');
  const device = new VirtioConsole(own, [{ name: 'agent', backend: agent }]);
  device.connect();
  return {
    device,
    probe: { queue: 1, readable: [Uint8Array.of(104, 105)] },
    request,
    host: (choices) => {
      const backend = choices.pick(backends);
      const act = choices.below(4);
      if (act < 2) {
        if (backend.waiting < 65_536) backend.send(choices.bytes(choices.size(20_000)));
      } else if (act === 2) device.resize(choices.u16(), choices.u16());
      else {
        backend.room = choices.rarely(3) ? choices.size(3000) : Number.POSITIVE_INFINITY;
        if (backend.room > 0) backend.drained();
      }
    },
    answered: (_request, _answer, length) => must(length > 0, 'what comes back full has something in it'),
    heal: () => {
      for (const backend of backends) {
        backend.room = Number.POSITIVE_INFINITY;
        backend.drained();
      }
    },
  };
};

export const serialConsole = virtioTarget(['packages/virtio/console'], make);
