import type { Vcpu } from '@vivarium/contracts';

/** RISC-V Privileged Architecture, table 15: exceptions 0–8, page faults 12, 13, 15, software check and hardware error. */
const MEDELEG_ALL_BUT_SUPERVISOR_CALLS = 0xcb1ffn;
/** SSIP, STIP, SEIP, LCOFIP. */
const MIDELEG_SUPERVISOR = 0x2222n;
/** UXL = SXL = 64 bits, FS = dirty: floating point is usable at once, as OpenSBI leaves it. */
const MSTATUS_AT_ENTRY = 0xa_0000_6000n;
/** STCE, PBMTE, CBZE, CBCFE, CBIE = invalidate. ADUE stays 0 until the supervisor asks for it (FWFT). */
const MENVCFG_AT_ENTRY = (1n << 63n) | (1n << 62n) | (1n << 7n) | (1n << 6n) | (3n << 4n);
/** CY, TM, IR and every programmable counter. */
const MCOUNTEREN_ALL = 0xffff_ffffn;
const SCOUNTEREN_ALL = 7n;
/** One NAPOT region over everything, readable, writable, executable. */
const PMPADDR_EVERYTHING = (1n << 54n) - 1n;
const PMPCFG_NAPOT_RWX = 0x1fn;
const NEVER = 0xffff_ffff_ffff_ffffn;
const SUPERVISOR = 1n;

/**
 * A hart's registers when the supervisor gets it (section 9.1 of the SBI specification: `satp` and `sstatus.SIE` are
 * zero), with everything delegated, since no M-mode code exists that could take a trap.
 */
const AT_ENTRY: readonly (readonly [string, bigint])[] = [
  ['mstatus', MSTATUS_AT_ENTRY],
  ['medeleg', MEDELEG_ALL_BUT_SUPERVISOR_CALLS],
  ['mideleg', MIDELEG_SUPERVISOR],
  ['mie', 0n],
  ['mip', 0n],
  ['mcounteren', MCOUNTEREN_ALL],
  ['mcountinhibit', 0n],
  ['menvcfg', MENVCFG_AT_ENTRY],
  ['pmpaddr0', PMPADDR_EVERYTHING],
  ['pmpcfg0', PMPCFG_NAPOT_RWX],
  ['stimecmp', NEVER],
  ['scounteren', SCOUNTEREN_ALL],
  ['senvcfg', 0n],
  ['stvec', 0n],
  ['sscratch', 0n],
  ['sepc', 0n],
  ['scause', 0n],
  ['stval', 0n],
  ['satp', 0n],
  ['priv', SUPERVISOR],
];

/** Registers that a core must have for this firmware to work at all. */
export const NEEDED_REGISTERS: readonly string[] = [
  'pc',
  'priv',
  'mstatus',
  'medeleg',
  'mideleg',
  'mie',
  'mip',
  'menvcfg',
  'stimecmp',
  'satp',
  ...['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'],
];

/** Starts a hart in S-mode at `entry` with `a0` its id and `a1` what the starter passes on. */
export const enterSupervisor = (hart: Vcpu, entry: bigint, opaque: bigint): void => {
  hart.stop();
  for (const [name, value] of AT_ENTRY) {
    hart.writeRegister(name, value);
  }
  hart.fence({ kind: 'code' });
  hart.fence({ kind: 'translations' });
  hart.writeRegister('a0', BigInt(hart.index));
  // It may begin at once, on another thread.
  hart.start(entry, opaque);
};
