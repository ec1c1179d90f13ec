/** What {@link commandLine} is asked for. */
export interface CommandLineOptions {
  /** A person at a shell (true), or one command in exec mode (false). */
  readonly interactive: boolean;
  /** Keeps all but the kernel's warnings off the console. Default: only in exec mode. */
  readonly quiet?: boolean;
}

/**
 * The kernel arguments the guest is made for. The console is the first serial port; until its driver is up, the kernel
 * writes through the firmware (SBI debug console), so an early failure is seen too. A machine that runs one command
 * restarts at once when the kernel panics, so its owner sees it end instead of hanging.
 *
 * See Documentation/admin-guide/kernel-parameters.txt of Linux.
 */
export const commandLine = ({ interactive, quiet = !interactive }: CommandLineOptions): string =>
  ['console=ttyS0', 'earlycon=sbi', ...(quiet ? ['quiet'] : []), ...(interactive ? [] : ['panic=-1'])].join(' ');
