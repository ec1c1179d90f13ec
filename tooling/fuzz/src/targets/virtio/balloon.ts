import { fakeClock, fakeMemory } from '@vivarium/testkit';
import { RAM, RAM_SIZE } from '@vivarium/testkit/hostile';
import { VirtioBalloon } from '@vivarium/virtio-balloon';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { pack } from './fields.ts';
import { virtioTarget } from './virtio-target.ts';

const PAGE = 4096;
const FIRST = RAM / PAGE;
/** Pages that hold no rings of the laboratory's: a guest that gives those away harms itself. */
const SPARE = RAM_SIZE / PAGE - 8;

const pages = (choices: Choices): Uint8Array => {
  const count = choices.rarely(8) ? choices.size(20_000) : 1 + choices.below(40);
  const first = Number(BigInt.asUintN(32, choices.wide(BigInt(FIRST + SPARE))));
  const step = choices.pick([1, 0, -1, 7]);
  return pack(Array.from({ length: count }, (_, index) => [4, (first + step * index) >>> 0] as const));
};

const statistics = (choices: Choices): Uint8Array =>
  pack(
    Array.from({ length: choices.below(30) }, () => [
      [2, choices.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 0xffff])] as const,
      [8, choices.wide(1000n)] as const,
    ]).flat(),
  );

const request = (choices: Choices) => {
  const queue = choices.pick([0, 1, 2, 4, 3]);
  if (queue === 4) return { queue, readable: new Uint8Array(0), writable: choices.size(100_000) };
  const whole = queue === 2 ? statistics(choices) : pages(choices);
  return { queue, readable: choices.rarely(6) ? whole.subarray(0, choices.byte()) : whole, writable: 0 };
};

const make = (choices: Choices): DeviceUnderFuzz => {
  const clock = fakeClock();
  const device = new VirtioBalloon({
    memory: fakeMemory({ base: RAM, size: 32 * PAGE, privateSize: 0 }),
    clock,
    timer: (expired) => clock.timer(expired),
    deflateOnOom: !choices.rarely(2),
    reporting: !choices.rarely(4),
    listenerFailed: (error) => {
      throw error;
    },
  });
  return {
    device,
    probe: { queue: 0, readable: [pack([[4, FIRST + 1]])] },
    request,
    host: (host, see) => {
      const act = host.below(4);
      if (act === 0) device.setTarget(host.below(33) * PAGE);
      else if (act === 1) device.pollStatistics(host.pick([1, 0, 0.1]));
      else clock.advance(host.below(5) * 5e8);
      see(`statistics ${device.statistics === undefined}`);
    },
    check: () => {
      must(device.actual >= 0 && device.actual <= device.limit, 'no more than all RAM is in the balloon');
      must(device.actual % PAGE === 0, 'the balloon holds whole pages');
    },
  };
};

export const balloon = virtioTarget(['packages/virtio/balloon'], make);
