/** One option of the command line: what parsing and `--help` need to know about it. */
export interface OptionRow {
  readonly type: 'string' | 'boolean';
  /** What the value is called in `--help`. */
  readonly value?: string;
  readonly multiple?: true;
  readonly short?: string;
  readonly help: string;
}

/** Every option of `viv run`, in the order of `--help`. */
export const optionTable = {
  exec: {
    type: 'string',
    value: 'CMD',
    help: 'Run CMD in the guest with sh -c, print its output, exit with its code',
  },
  cpus: { type: 'string', value: 'N', help: 'Number of vCPUs, up to 8 (default 1)' },
  'max-cpus': {
    type: 'string',
    value: 'N',
    help: 'vCPUs in all, with those that the guest can be given while it runs (default: those of --cpus)',
  },
  threads: {
    type: 'string',
    value: 'WHEN',
    help: 'Each vCPU on a thread of its own: auto (default), on or off',
  },
  memory: { type: 'string', value: 'SIZE', help: 'Guest RAM, such as 256M or 1G (default 256M)' },
  kernel: { type: 'string', value: 'FILE', help: "Linux Image or ELF; with debian, instead of Debian's" },
  initrd: { type: 'string', value: 'FILE', help: "Initial RAM disk; with debian, instead of Debian's; or none" },
  append: { type: 'string', value: 'STRING', help: 'Add STRING to the kernel command line' },
  bios: { type: 'string', value: 'FILE', help: 'Machine-mode firmware, ELF or raw, started at reset' },
  root: {
    type: 'string',
    value: 'PATH',
    help: "The guest's root file system: a folder, as --share takes it, or a disk image, as --disk does",
  },
  disk: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'Add a disk: FILE[,ro][,temporary][,format=raw|qcow2][,backing=DIR][,serial=TEXT] (repeatable)',
  },
  net: {
    type: 'string',
    value: 'KIND',
    multiple: true,
    help: 'Add a card: user[,forward=PORT:GUEST-PORT], tap,name=NAME, udp,local=…,remote=… (repeatable)',
  },
  share: {
    type: 'string',
    value: 'DIR',
    multiple: true,
    help: 'Share a directory: DIR[,tag=TAG][,ro][,9p][,cache=auto|always|none][,records=FILE] (repeatable)',
  },
  vsock: {
    type: 'string',
    value: 'PATH',
    help: 'Sockets into the guest by Unix sockets at PATH[,cid=N], in the way of Firecracker',
  },
  balloon: { type: 'string', value: 'SIZE', help: 'Add a memory balloon that asks the guest for SIZE, also 0' },
  slots: {
    type: 'string',
    value: 'N',
    help: 'Hot-plug slots for disks and cards that come while the machine runs, up to 16 (default 0)',
  },
  writable: {
    type: 'string',
    value: 'DIR',
    multiple: true,
    help: 'With --slots: a folder of disks that may be plugged in and written (repeatable)',
  },
  rng: { type: 'boolean', help: 'Add a source of random numbers' },
  bus: { type: 'string', value: 'BUS', help: 'Where virtio devices are: mmio (default) or pci' },
  interrupts: {
    type: 'string',
    value: 'KIND',
    help: 'Interrupt controllers: plic (default), aplic, or aia: APLIC and IMSIC, for MSI-X of PCI',
  },
  plugin: {
    type: 'string',
    value: 'SPEC',
    multiple: true,
    help: 'Add a part: ./path or package name, with options as SPEC,key=value,… (repeatable)',
  },
  clock: {
    type: 'string',
    value: 'KIND',
    help: 'real (default), or virtual: time is counted in instructions, so that runs repeat exactly',
  },
  'no-reboot': { type: 'boolean', help: 'Exit when the guest asks for a reboot' },
  timeout: { type: 'string', value: 'SECONDS', help: 'Stop the guest after SECONDS and exit with 124' },
  escape: {
    type: 'string',
    value: 'KEY',
    help: 'Escape key of the terminal, such as ^] (default) or ^A; none for no key',
  },
  disasm: { type: 'string', value: 'FILE', help: 'Disassemble an ELF file, a Linux Image or raw code, and exit' },
  trace: { type: 'string', value: 'FILE', help: 'Write each instruction before it runs to FILE, or to stderr for -' },
  'trace-devices': {
    type: 'string',
    value: 'FILE',
    help: "Write each access to devices' registers to FILE, or to stderr for -",
  },
  'trace-limit': {
    type: 'string',
    value: 'N',
    help: 'Stop tracing after N instructions, or accesses to devices (default 10000)',
  },
  'trace-rate': {
    type: 'string',
    value: 'N',
    help: 'trace-devices: only count what is above N accesses a second (default 1000)',
  },
  gdb: {
    type: 'string',
    value: '[HOST:]PORT',
    help: 'Let GDB attach (`target remote`); HOST is 127.0.0.1 by default, PORT 0 any that is free',
  },
  'gdb-wait': { type: 'boolean', help: 'With --gdb: run nothing before the debugger says so' },
  package: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    help: 'image: a Debian package that the file system has, with what it depends on (repeatable)',
  },
  size: { type: 'string', value: 'SIZE', help: 'image: size of the disk (default 2G)' },
  symbols: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'profile: names of addresses, an ELF file, System.map or kallsyms (repeatable)',
  },
  top: { type: 'string', value: 'N', help: 'profile: show the N symbols that took longest (default 30)' },
  stats: {
    type: 'boolean',
    help: 'At the end, say on stderr what the CPU core did: MIPS, translation, misses, exits, traps',
  },
  json: { type: 'boolean', help: 'Print one JSON object with the outcome or the error on stdout' },
  verbose: { type: 'boolean', help: 'Show what the parts log, the console with --exec, and causes of errors' },
  version: { type: 'boolean', help: 'Print the version' },
  help: { type: 'boolean', short: 'h', help: 'Print this help' },
} as const satisfies Record<string, OptionRow>;
