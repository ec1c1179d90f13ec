/**
 * Exception codes of mcause and scause with the interrupt bit clear (privileged manual, section "Machine Cause
 * Register", table of mcause values).
 */
export const ExceptionCause = {
  InstructionAddressMisaligned: 0,
  InstructionAccessFault: 1,
  IllegalInstruction: 2,
  Breakpoint: 3,
  LoadAddressMisaligned: 4,
  LoadAccessFault: 5,
  StoreAddressMisaligned: 6,
  StoreAccessFault: 7,
  EnvironmentCallFromU: 8,
  EnvironmentCallFromS: 9,
  EnvironmentCallFromM: 11,
  InstructionPageFault: 12,
  LoadPageFault: 13,
  StorePageFault: 15,
  DoubleTrap: 16,
  SoftwareCheck: 18,
  HardwareError: 19,
} as const;

/** Exception codes with the interrupt bit set, which are also the bits of mip and mie (same table; 13 is Sscofpmf's). */
export const InterruptCause = {
  SupervisorSoftware: 1,
  MachineSoftware: 3,
  SupervisorTimer: 5,
  MachineTimer: 7,
  SupervisorExternal: 9,
  MachineExternal: 11,
  CounterOverflow: 13,
} as const;
