/**
 * What pages say to the worker with the switch. All pages of one origin share it, so machines in several tabs are on
 * one network; a page sees what all have, and commands only what it plugged in itself.
 */
import type { Problem } from '../protocol.ts';

/** Page → switch. */
export type SwitchCommand =
  /** A place on the switch, please; `request` comes back with the answer. */
  | { readonly kind: 'plug'; readonly request: number }
  | { readonly kind: 'unplug'; readonly number: number }
  /** Pulls the cable out of the switch, or puts it back. */
  | { readonly kind: 'link'; readonly number: number; readonly up: boolean }
  /** Connects the switch with the host's network, or takes it off again; for the machines of all pages. */
  | { readonly kind: 'uplink'; readonly to: UplinkAddress | undefined }
  /** The page closes: all that it plugged in goes. */
  | { readonly kind: 'leave' };

/** Switch → page. */
export type SwitchReport =
  | { readonly kind: 'plugged'; readonly request: number; readonly number: number; readonly channel: MessagePort }
  | { readonly kind: 'refused'; readonly request: number; readonly problem: Problem }
  | { readonly kind: 'status'; readonly status: SwitchStatus };

/** A machine's place on the switch. */
export interface SeatStatus {
  /** From 1; the guest's address and name are made of it. */
  readonly number: number;
  /** Whether this page plugged it in. */
  readonly own: boolean;
  /** The cable is in at both ends. */
  readonly up: boolean;
  /** Frames, as the machine sees them. */
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
}

export interface SwitchStatus {
  readonly seats: readonly SeatStatus[];
  readonly uplink: UplinkStatus;
}

/** A relay, and what it wants to know. */
export interface UplinkAddress {
  readonly url: string;
  readonly token: string;
}

export interface UplinkStatus {
  /** `waiting`: it was lost, and is opened again after a while. */
  readonly state: 'off' | 'connecting' | 'open' | 'waiting';
  /** Why it waits. */
  readonly problem?: Problem;
}

/** Most machines on the switch. */
export const MOST_SEATS = 32;

/** The network: that of a NAT on the uplink, which has the gateway and the names at these addresses. */
const NETWORK = '10.0.2';
const FIRST_HOST = 100;
const GATEWAY = `${NETWORK}.2`;
const NAMESERVER = `${NETWORK}.3`;

export const seatName = (number: number): string => `guest${number}`;
export const seatAddress = (number: number): string => `${NETWORK}.${FIRST_HOST + number}`;
/** Locally administered. */
export const seatMac = (number: number): string => `02:76:69:76:00:${number.toString(16).padStart(2, '0')}`;

/**
 * Words for the kernel command line of the guest: its address, and less to read. See @vivarium/guest-debian, and
 * Documentation/admin-guide/nfs/nfsroot.rst of Linux.
 */
export const seatWords = (number: number): string =>
  `quiet ip=${seatAddress(number)}::${GATEWAY}:255.255.255.0:${seatName(number)}:eth0:off:${NAMESERVER}`;
