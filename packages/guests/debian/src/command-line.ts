/** What {@link commandLine} is asked for. */
export interface CommandLineOptions {
  /** A person at a shell (true), or one command in exec mode (false). */
  readonly interactive: boolean;
  /** Keeps all but the kernel's warnings off the console. Default: only in exec mode. */
  readonly quiet?: boolean;
  /** Its network cards ask for addresses (DHCP). Default false. */
  readonly dhcp?: boolean;
  /** What it goes on with once its drivers are there; default: the initramfs itself. */
  readonly root?: GuestRoot;
}

/** A root file system on one of the machine's devices. */
export interface GuestRoot {
  readonly type: 'ext4' | 'virtiofs';
  /** The disk, such as `/dev/vda`, or the tag of the share. */
  readonly source: string;
  readonly readOnly?: boolean;
}

/**
 * The kernel arguments the guest is made for. The console is the first serial port; until its driver is up, the kernel
 * writes through the firmware (SBI debug console), so an early failure is seen too. A machine that runs one command
 * restarts at once when the kernel panics, so its owner sees it end instead of hanging.
 *
 * A guest at rest is to cost its host next to nothing: Linux does not look twice a second whether memory wants
 * compacting ahead of time, and brings its counters together every ten seconds, not every one.
 *
 * See Documentation/admin-guide/kernel-parameters.txt of Linux.
 */
export const commandLine = ({ interactive, quiet = !interactive, dhcp = false, root }: CommandLineOptions): string =>
  [
    'console=ttyS0',
    'earlycon=sbi',
    'sysctl.vm.compaction_proactiveness=0',
    'sysctl.vm.stat_interval=10',
    ...(quiet ? ['quiet'] : []),
    ...(interactive ? [] : ['panic=-1']),
    ...(dhcp ? ['ip=dhcp'] : []),
    ...(root === undefined
      ? []
      : [`root=${root.source}`, `rootfstype=${root.type}`, root.readOnly === true ? 'ro' : 'rw']),
  ].join(' ');
