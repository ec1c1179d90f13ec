import { Vcpu } from '@vivarium/vcpu-accounting';

/** Default slice, and so the longest request, in nanoseconds. */
export const DEFAULT_SLICE = 2_800_000;

/**
 * How a vCPU takes part. `shared`: by virtual time. `dedicated`: its weight entitles it to a whole pCPU, which it gets.
 * `lingering`: it sleeps, but what it had too much counts against it until its virtual time has come.
 */
export type Role = 'out' | 'shared' | 'dedicated' | 'lingering';

/** A vCPU with its place in virtual time. Virtual times are relative to the base of {@link VirtualTime}. */
export class EevdfVcpu extends Vcpu {
  role: Role = 'out';
  /** Its place among those that share; undefined while it does not. */
  sharedSlot: number | undefined;
  /** Virtual time up to which it was served, and the part of a unit that is left over. */
  virtualTime = 0;
  residue = 0;
  /** Virtual time by which the present request should be served, and how many nanoseconds of it are to come. */
  deadline = 0;
  requestLeft = 0;
  /** Scaled nanoseconds that it is behind, while it does not share. */
  storedLag = 0;
  /** Up to when its lag is counted, while it has a pCPU of its own. */
  dedicatedAt = 0;

  get weight(): number {
    return this.parameters.weight;
  }

  /** Names those that it may run on, if not all. */
  get pins(): string | undefined {
    const { affinity } = this.parameters;
    return affinity === undefined ? undefined : [...affinity].sort((one, other) => one - other).join();
  }

  get slice(): number {
    return this.parameters.slice ?? DEFAULT_SLICE;
  }
}
