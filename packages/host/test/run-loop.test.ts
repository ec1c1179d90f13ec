import type { Clock, CpuCore, VcpuExit } from '@vivarium/contracts';
import { expect, it } from 'vitest';
import { RunLoop } from '../src/run-loop.ts';
import { FakeVcpu } from './fake-machine.ts';

/** A vCPU that waits for its comparator, on a clock that goes on by a nanosecond whenever somebody looks. */
const waitingFor = (deadline: number) => {
  let now = 0;
  const clock = {
    kind: 'real',
    epoch: 0n,
    now: () => {
      now += 1;
      return now;
    },
    nextDeadline: undefined,
    fire: () => 0,
  } as unknown as Clock;
  let answered = false;
  const program = (): VcpuExit => {
    answered ||= clock.now() >= deadline;
    return { kind: 'idle' };
  };
  const vcpu = new FakeVcpu(0, program);
  vcpu.nextDeadline = deadline;
  Object.defineProperty(vcpu, 'wakeup', { get: () => !answered && clock.now() >= deadline });
  const loop = new RunLoop({ vcpus: [vcpu] } as unknown as CpuCore, clock, {});
  return { loop, answered: () => answered };
};

it.each(Array.from({ length: 60 }, (_, index) => index + 1))(
  'wakes for a comparator that comes due while it looks (after %d looks at the clock)',
  (deadline) => {
    const { loop, answered } = waitingFor(deadline);
    for (let rounds = 0; rounds < 100 && !answered(); rounds++) {
      const round = loop.round();
      // Without a deadline the host would sleep until something else wakes it.
      if (round.kind === 'idle' && !answered()) expect(round.deadline).toBe(deadline);
    }
    expect(answered()).toBe(true);
  },
);
