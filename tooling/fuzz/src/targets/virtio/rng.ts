import { seededEntropy, VirtioRng } from '@vivarium/virtio-rng';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { virtioTarget } from './virtio-target.ts';

const request = (choices: Choices) => ({
  queue: 0,
  writable: choices.size(120_000),
  readable: choices.bytes(choices.rarely(4) ? choices.byte() : 0),
});

const make = (): DeviceUnderFuzz => ({
  device: new VirtioRng(() => seededEntropy(1)),
  probe: { queue: 0, writable: [64], answered: (written) => written.some((byte) => byte !== 0) },
  request,
  answered: ({ writable }, _answer, length) =>
    must(length === Math.min(writable, 65_536), 'as much is filled as there is room for, up to the cap'),
});

export const rng = virtioTarget(['packages/virtio/rng'], make);
