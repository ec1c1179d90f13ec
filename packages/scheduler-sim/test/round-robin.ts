import type { Decision } from '@vivarium/contracts';
import type { Driven } from '../src/index.ts';

/** As simple as a scheduler can be: whoever waits longest, for `slice`. */
export const roundRobin = (slice: number): Driven & { readonly log: string[] } => {
  const queue: number[] = [];
  const holders = new Map<number, number>();
  const used = new Map<number, number>();
  const log: string[] = [];
  const free = (vcpu: number) => {
    for (const [pcpu, holder] of holders) if (holder === vcpu) holders.delete(pcpu);
    if (queue.includes(vcpu)) queue.splice(queue.indexOf(vcpu), 1);
  };
  const idle = (): number | undefined => [...used.keys()].find((key) => key < 0 && !holders.has(-1 - key));
  return {
    log,
    // Keys below 0 are pCPUs.
    addPcpu: (pcpu) => void used.set(-1 - pcpu, 0),
    removePcpu: (pcpu) => {
      used.delete(-1 - pcpu);
      const vcpu = holders.get(pcpu);
      holders.delete(pcpu);
      if (vcpu !== undefined) queue.push(vcpu);
      return undefined;
    },
    add: (vcpu) => void used.set(vcpu, 0),
    remove: (vcpu) => {
      const held = [...holders].find(([, holder]) => holder === vcpu);
      free(vcpu);
      return held?.[0];
    },
    change: () => [],
    wake: (vcpu, now) => {
      log.push(`${now} wake ${vcpu}`);
      queue.push(vcpu);
      const key = idle();
      return key === undefined ? undefined : -1 - key;
    },
    sleep: (vcpu, now) => {
      log.push(`${now} sleep ${vcpu}`);
      free(vcpu);
    },
    yield: (vcpu, now, to) => void log.push(`${now} yield ${vcpu}${to === undefined ? '' : ` to ${to}`}`),
    pick: (pcpu): Decision => {
      const before = holders.get(pcpu);
      if (before !== undefined) queue.push(before);
      holders.delete(pcpu);
      const vcpu = queue.shift();
      if (vcpu === undefined) return { kind: 'idle', until: undefined };
      holders.set(pcpu, vcpu);
      return { kind: 'run', vcpu, slice };
    },
    account: (vcpu, ranFor) => void used.set(vcpu, (used.get(vcpu) ?? 0) + ranFor),
    stats: () => undefined,
  };
};
