import type { PcpuId, VcpuId } from '@vivarium/contracts';
import type { Cap, CapLoad } from './cap.ts';
import type { CheckedParameters } from './parameters.ts';
import { VcpuMeter, type VcpuState } from './vcpu-meter.ts';

/** The vCPUs of one guest, as far as the scheduler has them. */
export class Domain {
  readonly name: string;
  readonly members = new Set<Vcpu>();
  cap: Cap | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** What its vCPUs do, for its cap. */
  load(now: number): CapLoad {
    let [running, ready, used, committed] = [0, 0, 0, 0];
    for (const { pcpu, state, sliceEnd, chargedAt } of this.members) {
      if (state === 'ready') ready += 1;
      if (pcpu === undefined) continue;
      running += 1;
      used += now - chargedAt;
      committed += Math.max(sliceEnd, now) - chargedAt;
    }
    return { running, ready, used, committed };
  }
}

/** What a scheduler keeps about a vCPU; algorithms extend it. The frame writes the fields, algorithms read them. */
export class Vcpu {
  readonly id: VcpuId;
  readonly domain: Domain;
  readonly meter: VcpuMeter;
  parameters: CheckedParameters;
  state: VcpuState = 'asleep';
  /** The pCPU it holds. */
  pcpu: Pcpu | undefined;
  /** The pCPU it held last. */
  lastPcpu: PcpuId | undefined;
  /** Up to when its consumption is charged, while it holds a pCPU. */
  chargedAt = 0;
  /** Up to when the host has accounted for it, which is no later; and what it was charged and has not used yet. */
  accountedAt = 0;
  prepaid = 0;
  /** When it was given its pCPU, however often since then it was picked again; and until when. */
  startedAt = 0;
  sliceEnd = 0;
  /** It gave way and has not been passed over for it yet. */
  gaveWay = false;
  /** Its cap holds it back at least until this time. */
  parkedUntil: number | undefined;
  /** Its place among the vCPUs that compete for pCPUs; undefined while it is asleep or parked. */
  slot: number | undefined;

  constructor(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number) {
    this.id = id;
    this.domain = domain;
    this.parameters = parameters;
    this.meter = new VcpuMeter(now);
  }

  mayRunOn(pcpu: PcpuId): boolean {
    const { affinity } = this.parameters;
    return affinity === undefined || affinity.has(pcpu);
  }
}

/** A pCPU of the pool. */
export class Pcpu<V extends Vcpu = Vcpu> {
  readonly id: PcpuId;
  current: V | undefined;
  /** Who ran here when the pick that is under way began. */
  before: V | undefined;
  /** Named by a vCPU that gave way to it here; for the next pick. */
  favourite: V | undefined;
  /** The host was told to pick here and has not done so yet. */
  hinted = false;
  /** When the host picks here without being told to: at the end of the slice, or of the wait. */
  picksAt = Number.POSITIVE_INFINITY;

  constructor(id: PcpuId) {
    this.id = id;
  }
}
