/** How a stretch of guest execution went. */
export interface Stint {
  /**
   * Nanoseconds that the vCPU ran, by time stamps around guest execution (of the thread's CPU time where the platform
   * has that): a safe integer, often less than what was granted, sometimes a little more.
   */
  readonly ranFor: number;
  /**
   * What the vCPU would do next: go on; sleep until `onWake` tells of it (also while the machine is paused or not yet
   * started); or nothing any more, because the run is over.
   */
  readonly next: 'ready' | 'asleep' | 'ended';
}

/**
 * The vCPUs of a cell in leased mode, as whoever owns the pCPUs sees them: guest code of a vCPU runs only while it is
 * granted a pCPU. Devices, consoles and timers of the machine stay alive without one, and wake vCPUs.
 *
 * A wake is a hint that may come too often: a vCPU that has nothing to do answers a grant with `asleep` at once. It may
 * also overtake the end of a grant on its way, so a vCPU that was woken while it held a grant is to be woken again if
 * that ends with `asleep`. At the end of the run every vCPU wakes, and whatever is granted from then on ends with
 * `ended`; so does what is granted when the cell is lost.
 */
export interface Lease {
  /**
   * Lets a vCPU (by its index) run for `nanoseconds` of host time from now, at least 1. `stolen`, if given, is how long
   * it was ready without a pCPU, in nanoseconds since it was added to its scheduler: what the guest is told as steal
   * time. Nothing that a guest does makes it reject; `VIV_CELL_LEASE` says that the caller asked for what cannot be,
   * which includes a second grant to a vCPU that has one.
   */
  grant(vcpu: number, nanoseconds: number, stolen?: number): Promise<Stint>;
  /** Ends a grant soon: at the next check of the core's budget, a fraction of a millisecond away. Nothing without one. */
  revoke(vcpu: number): void;
  /** Calls `listener` with the index of a vCPU that slept and has something to do. Returns its removal. */
  onWake(listener: (vcpu: number) => void): () => void;
}
