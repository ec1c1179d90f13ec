import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { APT_HELPER } from './apt.ts';
import { guestError } from './errors.ts';
import { type ModuleInfo, readModuleInfo } from './module-info.ts';
import { runChecked } from './subprocess.ts';

/** What the drivers of virtual devices and the file systems on them need; dependencies follow by themselves. */
export const WANTED_MODULES: readonly string[] = [
  'virtio_mmio',
  'virtio_blk',
  'virtio_net',
  'virtio_rng',
  'virtio_balloon',
  'virtio_input',
  '9pnet_virtio',
  '9p',
  'ext4',
  'overlay',
  'vmw_vsock_virtio_transport',
];

/** A module as it goes into the guest. */
export interface KernelModule {
  readonly name: string;
  /** Below /lib/modules/<release>, for example `kernel/fs/ext4/ext4.ko`. */
  readonly path: string;
  readonly data: Uint8Array;
  readonly info: ModuleInfo;
}

const SUFFIX = /\.ko(\.xz)?$/;

/** `-` and `_` are the same in the name of a module. */
const moduleName = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replace(SUFFIX, '')
    .replaceAll('-', '_');

/**
 * Unpacks a module with the reader that comes with apt itself, so the host needs no xz program. In the guest, unpacking
 * would cost the software CPU a second for ext4 alone.
 */
const readModule = (file: string, signal?: AbortSignal): Promise<Buffer> =>
  runChecked(APT_HELPER, ['cat-file', file], { signal });

/**
 * Reads the wanted modules and all they depend on.
 *
 * @param directory the package's `usr/lib/modules/<release>`
 * @returns sorted by path
 * @throws VIV_GUEST_PACKAGE_CORRUPT
 */
export const collectModules = async (
  directory: string,
  wanted: readonly string[],
  signal?: AbortSignal,
): Promise<readonly KernelModule[]> => {
  const files = (await readdir(directory, { recursive: true })).filter((path) => SUFFIX.test(path));
  const byName = new Map(files.map((path) => [moduleName(path), path]));
  const found = new Map<string, KernelModule>();
  const queue = wanted.map((name) => ({ name, optional: false }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { optional } = next;
    const name = next.name.replaceAll('-', '_');
    const file = byName.get(name);
    if (found.has(name) || (file === undefined && optional)) continue;
    if (file === undefined) {
      throw guestError('VIV_GUEST_PACKAGE_CORRUPT', `the kernel package has no module ${name} below ${directory}`);
    }
    const data = await readModule(join(directory, file), signal);
    const info = readModuleInfo(data);
    if (info === undefined) throw guestError('VIV_GUEST_PACKAGE_CORRUPT', `${file} is not a kernel module`);
    found.set(name, { name, path: file.replace(/\.xz$/, ''), data, info });
    queue.push(...info.depends.map((each) => ({ name: each, optional: false })));
    // A soft dependency may be an alias of the crypto API (crypto-crc32c): its generic module carries it.
    const soft = info.softDepends.map((each) => each.replace(/^crypto-/, ''));
    queue.push(...soft.flatMap((each) => [each, `${each}_generic`]).map((each) => ({ name: each, optional: true })));
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
};

/** All that a module depends on, nearest first, without repeats. */
const closure = (module: KernelModule, byName: ReadonlyMap<string, KernelModule>): readonly KernelModule[] => {
  const needed = new Set<KernelModule>();
  const visit = ({ info }: KernelModule): void => {
    for (const name of info.depends) {
      const dependency = byName.get(name.replaceAll('-', '_'));
      if (dependency === undefined || needed.has(dependency)) continue;
      needed.add(dependency);
      visit(dependency);
    }
  };
  visit(module);
  return [...needed];
};

/** The indexes modprobe reads: file name below /lib/modules/<release> and contents, as depmod(8) writes them. */
export const moduleIndexes = (modules: readonly KernelModule[]): ReadonlyMap<string, string> => {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const lines = (of: (module: KernelModule) => readonly string[]): string =>
    modules
      .flatMap(of)
      .map((line) => `${line}\n`)
      .join('');
  return new Map([
    [
      'modules.dep',
      lines((module) => [[`${module.path}:`, ...closure(module, byName).map(({ path }) => path)].join(' ')]),
    ],
    ['modules.alias', lines(({ name, info }) => info.aliases.map((alias) => `alias ${alias} ${name}`))],
    [
      'modules.softdep',
      lines(({ name, info }) =>
        info.softDepends.length > 0 ? [`softdep ${name} pre: ${info.softDepends.join(' ')}`] : [],
      ),
    ],
  ]);
};
