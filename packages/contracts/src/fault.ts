/**
 * Something a guest did that it cannot recover from. A value, never an exception: a guest's fault ends that guest
 * and nothing else.
 */
export interface GuestFault {
  /** Stable and documented, for example `GUEST_TRAP_LOOP`. */
  readonly code: `GUEST_${string}`;
  /** What happened, with the facts. */
  readonly message: string;
  readonly vcpu?: number;
  readonly pc?: bigint;
}
