import type { PcpuId, VcpuId } from '@vivarium/contracts';
import {
  type CheckedParameters,
  type Choice,
  type Domain,
  type Pcpu,
  SchedulerFrame,
  Vcpu,
} from '@vivarium/vcpu-accounting';
import { ScheduleTable, type TableOptions } from './schedule-table.ts';
import { parseTable } from './table-options.ts';

/** What {@link Arinc653} is made of. */
export interface Arinc653Settings extends TableOptions {
  /** Nanoseconds after which vCPUs of one partition take turns, if it has more of them than pCPUs. */
  readonly turn: number;
}

/** A vCPU that waits for its partition's window and then for its turn. */
class PartitionVcpu extends Vcpu {
  /** When it last stopped running: who waited longest goes first. */
  stoppedAt = -1;
}

/**
 * Time partitions: a table says whose time it is, on all pCPUs of the pool, and nobody else runs then, whether the owner
 * has something to do or not.
 */
export class Arinc653 extends SchedulerFrame<PartitionVcpu> {
  readonly name = 'arinc653';
  readonly honours = ['affinity'] as const;
  #settings: Arinc653Settings;
  /** Begins with the first pCPU, so that frames do not depend on when the host was started. */
  #table: ScheduleTable | undefined;

  /** Throws `VIV_ARINC653_TABLE`. */
  constructor(settings: Arinc653Settings) {
    super();
    this.#settings = settings;
    // Checked here, where the mistake was made, and not when the first pCPU comes.
    new ScheduleTable(settings, 0).at(0);
  }

  /** A new table, from its beginning. Throws `VIV_ARINC653_TABLE`, and the old one goes on. */
  configure(options: unknown, time: number): readonly PcpuId[] {
    this.#settings = parseTable(options);
    this.#table = new ScheduleTable(this.#settings, this.passed(time));
    return this.pcpus.map(({ id }) => id);
  }

  protected make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): PartitionVcpu {
    return new PartitionVcpu(id, domain, parameters, now);
  }

  protected joined(vcpu: PartitionVcpu, now: number): void {
    if (this.#table?.at(now).domain !== vcpu.domain.name) vcpu.meter.park(now);
  }

  protected left(): void {}

  protected charged(vcpu: PartitionVcpu, _ranFor: number, now: number): void {
    vcpu.stoppedAt = now;
  }

  protected override resized(now: number): void {
    this.#table ??= new ScheduleTable(this.#settings, now);
  }

  protected choose(pcpu: Pcpu<PartitionVcpu>, now: number): Choice<PartitionVcpu> {
    const window = this.#table?.at(now);
    if (window === undefined) return { kind: 'idle', until: undefined };
    let best: PartitionVcpu | undefined;
    for (const vcpu of this.competing) {
      if (vcpu.domain.name !== window.domain) {
        if (vcpu.pcpu === undefined) vcpu.meter.park(now);
        continue;
      }
      vcpu.meter.unpark(now);
      if (vcpu.pcpu !== undefined || vcpu.gaveWay || !vcpu.mayRunOn(pcpu.id)) continue;
      if (best === undefined || this.#goesBefore(vcpu, best, pcpu)) best = vcpu;
    }
    const { before } = pcpu;
    const yields = before?.gaveWay === true && before.slot !== undefined && before.domain.name === window.domain;
    if (yields && before.mayRunOn(pcpu.id)) best ??= before;
    if (best === undefined) return { kind: 'idle', until: window.end };
    const left = window.end - now;
    // A sibling may wake any time.
    return {
      kind: 'run',
      vcpu: best,
      slice: best.domain.members.size > 1 ? Math.min(left, this.#settings.turn) : left,
    };
  }

  /** Nobody makes way within a window but by turns; what runs after its window stops by itself. */
  protected victim(): undefined {
    return undefined;
  }

  protected override mayUse(vcpu: PartitionVcpu, pcpu: Pcpu<PartitionVcpu>, now: number): boolean {
    return vcpu.mayRunOn(pcpu.id) && this.#table?.at(now).domain === vcpu.domain.name;
  }

  #goesBefore(vcpu: PartitionVcpu, other: PartitionVcpu, { favourite }: Pcpu<PartitionVcpu>): boolean {
    if (other === favourite) return false;
    if (vcpu === favourite) return true;
    return vcpu.stoppedAt - other.stoppedAt < 0 || (vcpu.stoppedAt === other.stoppedAt && vcpu.id < other.id);
  }
}
