/**
 * The floors of the architecture, as data. A package imports only from the floors that its row names.
 * The import rules ({@link floorRules}) and the check of declared dependencies are generated from this table.
 */
export interface Floor {
  readonly name: string;
  /** Number of the floor in the architecture; tests and tools stand outside of the house. */
  readonly level: number;
  /** Package folders; `*` is one path segment. */
  readonly folders: readonly string[];
  /** Names of the floors whose packages it may import. */
  readonly mayImport: readonly string[];
}

export const FLOORS: readonly Floor[] = [
  { name: 'contracts', level: 0, folders: ['packages/contracts'], mayImport: [] },
  {
    name: 'libraries',
    level: 0,
    folders: [
      'packages/boot-image',
      'packages/byte-ring',
      'packages/cpu-pools',
      'packages/fdt',
      'packages/fs-backend',
      'packages/gdb-stub',
      'packages/host-file',
      'packages/isa-riscv',
      'packages/net-link',
      'packages/net-packet',
      'packages/scheduler-sim',
      'packages/pci',
      'packages/softfloat',
      'packages/timer-queue',
      'packages/token-bucket',
      'packages/vcpu-accounting',
      'packages/virtio-transport',
      'packages/wasm-emit',
    ],
    // Not in circles, which is a rule of its own.
    mayImport: ['contracts', 'libraries'],
  },
  { name: 'kernel', level: 1, folders: ['packages/kernel'], mayImport: ['contracts', 'libraries'] },
  {
    name: 'plugins',
    level: 2,
    folders: [
      'packages/char/*',
      'packages/clocks/*',
      'packages/cpu/*',
      'packages/devices/*',
      'packages/firmware/*',
      'packages/memory/*',
      'packages/mmu/*',
      'packages/net/*',
      'packages/policies/*',
      'packages/schedulers/*',
      'packages/storage/*',
      'packages/virtio/*',
    ],
    mayImport: ['contracts', 'libraries'],
  },
  {
    name: 'presets',
    level: 3,
    folders: ['packages/boards/*', 'packages/guests/*'],
    mayImport: ['contracts', 'libraries', 'kernel', 'plugins'],
  },
  {
    // Reaches a concrete plugin only through a preset.
    name: 'host',
    level: 4,
    folders: ['packages/host'],
    mayImport: ['contracts', 'libraries', 'kernel', 'presets'],
  },
  {
    name: 'control',
    level: 4,
    folders: ['packages/control'],
    mayImport: ['contracts', 'libraries', 'presets', 'host'],
  },
  {
    name: 'client',
    level: 4,
    folders: ['packages/client'],
    mayImport: ['contracts', 'control'],
  },
  {
    // Makes a host of its default scheduler and policies, as a board makes a machine of its default parts.
    name: 'daemon',
    level: 4,
    folders: ['packages/daemon'],
    mayImport: ['contracts', 'libraries', 'plugins', 'host', 'control'],
  },
  {
    // Makes a host of its default policies, as the daemon does.
    name: 'host-spec',
    level: 4,
    folders: ['packages/host-spec'],
    mayImport: ['contracts', 'libraries', 'plugins', 'host', 'control'],
  },
  {
    name: 'cli',
    level: 4,
    folders: ['packages/cli'],
    mayImport: ['contracts', 'libraries', 'kernel', 'presets', 'host', 'control', 'client', 'daemon'],
  },
  {
    name: 'apps',
    level: 5,
    folders: ['apps/*'],
    mayImport: [
      'contracts',
      'libraries',
      'kernel',
      'plugins',
      'presets',
      'host',
      'control',
      'client',
      'daemon',
      'host-spec',
      'cli',
    ],
  },
  { name: 'testkit', level: 6, folders: ['packages/testkit'], mayImport: ['contracts', 'libraries', 'kernel'] },
  {
    // What it writes is built on these.
    name: 'scaffold',
    level: 6,
    folders: ['packages/create-vivarium-plugin'],
    mayImport: ['contracts', 'cli', 'testkit'],
  },
  {
    name: 'tooling',
    level: 6,
    folders: ['tooling/*'],
    mayImport: [
      'contracts',
      'libraries',
      'kernel',
      'plugins',
      'presets',
      'host',
      'control',
      'client',
      'daemon',
      'host-spec',
      'cli',
      'apps',
      'testkit',
      'scaffold',
    ],
  },
];

/** Floors that tests may import besides those of the package they test. */
export const TESTS_MAY_IMPORT: readonly string[] = ['testkit'];

/** Dependencies from outside that belong to one package alone. */
export const RESERVED_DEPENDENCIES: readonly { readonly name: string; readonly folder: string }[] = [
  { name: 'tsyringe', folder: 'packages/kernel' },
  { name: 'reflect-metadata', folder: 'packages/kernel' },
];

/** Where `node:` modules may be imported: elsewhere a package runs in a browser worker too, but for its `/node` subpath. */
export const NODE_ONLY_FOLDERS: readonly string[] = [
  'packages/cli',
  'packages/client',
  'packages/create-vivarium-plugin',
  'packages/daemon',
  'packages/guests/*',
  'packages/host-spec',
  'apps/*',
  'tooling/*',
];
