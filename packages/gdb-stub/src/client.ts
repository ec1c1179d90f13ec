import type { DebugSession, DebugTarget, Vcpu } from '@vivarium/contracts';
import type { TargetDescription } from './register-description.ts';

/** Bytes of data in a packet, either way. Half as much memory travels in one, for it is written in hexadecimal. */
export const PACKET_SIZE = 0x4000;

/** What the commands of one client work with. */
export interface Client {
  readonly target: DebugTarget;
  readonly session: DebugSession;
  readonly description: TargetDescription;
  /** The vCPU whose registers and memory are meant (`Hg`). */
  vcpu: number;
  /** The vCPU that `c` and `s` are about (`Hc`); undefined: all of them, and for `s` the one above. */
  resumed: number | undefined;
  /** Addresses of memory are guest-physical. */
  physical: boolean;
  /** Breakpoints that the client set as hardware ones. To a machine they are all the same. */
  readonly hardware: Set<bigint>;
  /** What the client understands in stop replies. */
  readonly features: { swbreak: boolean; hwbreak: boolean };
}

/** The vCPU that registers and memory are asked of. */
export const selected = (client: Client): Vcpu | undefined => client.target.vcpus[client.vcpu];

/** Data of an answer; empty: the command is not known. */
export type Answer = string | Uint8Array;
