import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_GDB_ARCHITECTURE: {
    when: 'A machine has CPUs that this package has no register description for.',
    hint: 'Only riscv64 is described so far.',
  },
  VIV_GDB_LISTEN: {
    when: 'The address for debuggers cannot be listened on.',
    hint: 'Choose another port, or end the program that has it; port 0 takes any that is free.',
  },
});

export const errorTable = errors.table;

/** Answers that say that a command failed: errno values, though the protocol leaves their meaning open. */
export const Failure = {
  /** EPERM: not now. */
  refused: 'E01',
  /** EFAULT: no such memory, or it is not RAM. */
  memory: 'E0e',
  /** EINVAL: the command makes no sense. */
  malformed: 'E16',
  /** EFBIG: longer than was agreed on. */
  tooLong: 'E1b',
  /** ENOSPC: no room for another point. */
  full: 'E1c',
} as const;
