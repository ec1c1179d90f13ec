import type { SchedulerFactory } from '@vivarium/contracts';
import { type Choice, type Pcpu, SchedulerFrame, Vcpu } from '@vivarium/vcpu-accounting';

/** Whoever ran longest ago, for `slice`. */
class RoundRobin extends SchedulerFrame<Vcpu> {
  readonly name: string;
  readonly honours = ['affinity', 'cap'] as const;
  readonly #slice: number;

  constructor(name: string, slice: number) {
    super();
    this.name = name;
    this.#slice = slice;
  }

  protected make(...[id, domain, parameters, now]: ConstructorParameters<typeof Vcpu>) {
    return new Vcpu(id, domain, parameters, now);
  }
  protected joined() {}
  protected left() {}
  protected charged() {}
  protected choose({ id }: Pcpu): Choice<Vcpu> {
    const [vcpu] = this.competing
      .filter((candidate) => candidate.state === 'ready' && candidate.mayRunOn(id))
      .toSorted((one, other) => one.chargedAt - other.chargedAt || one.id - other.id);
    return vcpu === undefined ? { kind: 'idle', until: undefined } : { kind: 'run', vcpu, slice: this.#slice };
  }
  protected victim() {
    return undefined;
  }
}

/** The simplest scheduler that is right, for tests of what drives or holds schedulers. `slice` in nanoseconds. */
export const roundRobin = (slice = 1_000_000, name = 'round-robin'): SchedulerFactory => ({
  name,
  create: () => new RoundRobin(name, slice),
});
