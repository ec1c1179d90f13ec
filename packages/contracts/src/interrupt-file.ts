import { defineToken, type Token } from './token.ts';

/** Whose interrupts: those of firmware (RISC-V: M-mode), or of the operating system (S-mode). */
export type PrivilegeLevel = 'machine' | 'supervisor';

/**
 * The interrupts that were sent as messages to one vCPU and level, as the vCPU's registers reach them: an interrupt
 * file of an IMSIC (RISC-V Advanced Interrupt Architecture 1.0, chapter 3). Calls come from a guest and never throw.
 */
export interface InterruptFile {
  /** The lowest identity that is pending, enabled and below the threshold; 0 when there is none. */
  readonly top: number;
  /** `top` is no longer pending. Gives what it was: in one step, for others send messages meanwhile. */
  claim(): number;
  /**
   * 32 unsigned bits of the register that `*iselect` selects, 0x70 to 0xff (section 3.8), as a core of 32 bits numbers
   * them: one of 64 bits finds its upper half in the next. Registers that do not exist read as 0 and take nothing.
   */
  read(register: number): number;
  write(register: number, value: number): void;
}

/** All interrupt files of a machine, for parts that send interrupts as messages without being on a bus. */
export interface InterruptFiles {
  /** Valid identities are 1…`identities`. */
  readonly identities: number;
  /** What the device tree node of a level is labelled; undefined when the machine has no files of that level. */
  label(level: PrivilegeLevel): string | undefined;
  /** Makes an interrupt pending. What does not exist is ignored. */
  send(level: PrivilegeLevel, vcpu: number, identity: number): void;
}

export const InterruptFilesToken: Token<InterruptFiles> = defineToken('vivarium/interrupt-files', 1);
