import type { UsageView } from '@vivarium/control';

/** What a machine did between two looks. */
export interface MachineLoad {
  readonly name: string;
  readonly status: UsageView['machines'][number]['status'];
  /** Percent of one pCPU that it ran, and that it wanted to and did not. */
  readonly cpu: number;
  readonly wait: number;
  readonly weight: number;
  readonly cap: number | null;
  readonly vcpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Milliseconds from wake to run; 99 of 100 are shorter. */
  readonly wakeLatency: number;
  /** Millions of instructions a second. */
  readonly mips: number;
  readonly restarts: number;
}

/** What a host did between two looks. */
export interface Load {
  /** Seconds between them. */
  readonly seconds: number;
  /** Percent of the time that each was held. */
  readonly pcpus: readonly { readonly id: number; readonly busy: number }[];
  readonly memory: { readonly capacity: number; readonly used: number };
  readonly machines: readonly MachineLoad[];
}

const tenths = (value: number): number => Math.round(Math.max(0, value) * 10) / 10;

/** What became of it from one look to the next. Who was not there at the first has done nothing yet. */
export const loadBetween = (before: UsageView, after: UsageView): Load => {
  const elapsed = Math.max(after.time - before.time, 1);
  const percent = (now: number, then: number): number => tenths(((now - then) / elapsed) * 100);
  const earlier = new Map(before.machines.map((machine) => [machine.name, machine]));
  const held = new Map(before.pcpus.map(({ id, busy }) => [id, busy]));
  return {
    seconds: tenths(elapsed / 1e9),
    pcpus: after.pcpus.map(({ id, busy }) => ({ id, busy: Math.min(100, percent(busy, held.get(id) ?? busy)) })),
    memory: after.memory,
    machines: after.machines.map((now) => {
      const then = earlier.get(now.name) ?? now;
      return {
        name: now.name,
        status: now.status,
        cpu: percent(now.run, then.run),
        wait: percent(now.ready, then.ready),
        weight: now.weight,
        cap: now.cap,
        vcpus: now.vcpus,
        memory: now.memory,
        wakeLatency: tenths(now.wakeLatency / 1e6),
        mips: tenths(((now.instructions - then.instructions) / elapsed) * 1e3),
        restarts: now.restarts,
      };
    }),
  };
};
