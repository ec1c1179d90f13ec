import type { PcpuId, VcpuChange, VcpuId, VcpuParameters, VcpuStats } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import type { Lease } from '../lease.ts';

/** A guest as a dispatcher is given it. */
export interface GuestVcpus {
  /** Of the guest, the domain of its vCPUs; unique among those that have pCPUs. */
  readonly name: string;
  readonly lease: Lease;
  /** For each vCPU of the machine, what its scheduler is told. */
  readonly vcpus: readonly Omit<VcpuParameters, 'domain'>[];
  /**
   * What a vCPU is charged for: how long it held the pCPU, the default, or what its cell measured of that. The latter is
   * for cells that run several vCPUs on one thread and are to be trusted. Schedulers take it that most of the time that a
   * pCPU is held is run: where that is far from true, shares drift.
   */
  readonly charge?: 'measured' | 'held';
}

/** A guest that has pCPUs. */
export interface Guest {
  readonly name: string;
  /** Of each vCPU; of a guest that is detached what they were then. */
  readonly stats: readonly VcpuStats[];
  /**
   * Changes parameters while it runs: of one vCPU, by its index, or of all. A change that is refused throws, and leaves
   * vCPUs before the one that refuses changed.
   */
  change(change: VcpuChange, vcpu?: number): void;
  /** It gets no more pCPUs. What it holds is revoked. */
  detach(): void;
  /** Resolves when it has no pCPUs any more: its run is over, or it was detached. */
  readonly detached: Promise<void>;
}

/** A vCPU of a guest. */
export interface Seat {
  readonly id: VcpuId;
  /** Within its machine. */
  readonly index: number;
  readonly guest: GuestSeats;
  /** Where it holds a grant. */
  pcpu: PcpuId | undefined;
  /** Since when. */
  since: number;
  /** How long it has held pCPUs, and what it was charged for that. */
  held: number;
  charged: number;
  /** It was woken while it held a grant, which may have ended before that. */
  wokenMeanwhile: boolean;
  gone: boolean;
  /** How long it has waited for a pCPU in all. */
  stolen(now: number): number;
}

/** What the vCPUs of a guest need of their dispatcher. */
export interface SeatOwner {
  readonly stats: (seat: Seat) => VcpuStats | undefined;
  readonly change: (vcpu: VcpuId, change: VcpuChange) => void;
  readonly detach: () => void;
  readonly wake: (seat: Seat) => void;
}

/** How old steal time may be that a guest is told, in nanoseconds: a guest looks at it once a tick. */
const STEAL_AGE = 2_000_000;

export class GuestSeats implements Guest {
  readonly name: string;
  readonly lease: Lease;
  readonly charge: 'measured' | 'held';
  readonly seats: readonly Seat[];
  readonly detached: Promise<void>;
  readonly #owner: SeatOwner;
  readonly #closed: () => void;
  #unlisten: (() => void) | undefined;
  #last: readonly VcpuStats[] | undefined;

  constructor(guest: GuestVcpus, firstId: VcpuId, owner: SeatOwner) {
    this.name = guest.name;
    this.lease = guest.lease;
    this.charge = guest.charge ?? 'held';
    this.#owner = owner;
    this.seats = guest.vcpus.map((_, index) => this.#seat(firstId + index, index));
    let closed = (): void => {};
    this.detached = new Promise((resolve) => {
      closed = resolve;
    });
    this.#closed = closed;
  }

  get stats(): readonly VcpuStats[] {
    return this.#last ?? this.seats.map(this.#owner.stats).filter((stats) => stats !== undefined);
  }

  change(change: VcpuChange, vcpu?: number): void {
    const seats = vcpu === undefined ? this.seats : this.seats.filter(({ index }) => index === vcpu);
    if (this.#last !== undefined || seats.length === 0) {
      throw errors.make('VIV_DISPATCH_GUEST', `guest "${this.name}" has no vCPU ${vcpu ?? ''} with pCPUs to change`);
    }
    for (const { id } of seats) this.#owner.change(id, change);
  }

  detach(): void {
    this.#owner.detach();
  }

  /** Hears of wakes from now on. */
  listen(): void {
    this.#unlisten = this.lease.onWake((vcpu) => {
      const seat = this.seats[vcpu];
      if (seat !== undefined) this.#owner.wake(seat);
    });
  }

  /** Before its vCPUs are forgotten. */
  close(): void {
    this.#last = this.stats;
    this.#unlisten?.();
    this.#closed();
  }

  #seat(id: VcpuId, index: number): Seat {
    let measured = Number.NEGATIVE_INFINITY;
    let stolen = 0;
    const seat: Seat = {
      id,
      index,
      guest: this,
      pcpu: undefined,
      since: 0,
      held: 0,
      charged: 0,
      wokenMeanwhile: false,
      gone: false,
      stolen: (now) => {
        if (now - measured >= STEAL_AGE) {
          stolen = this.#owner.stats(seat)?.ready ?? stolen;
          measured = now;
        }
        return stolen;
      },
    };
    return seat;
  }
}
