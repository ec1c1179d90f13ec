import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxApplets } from './busybox-applets.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { guestError } from './errors.ts';
import { type KernelModule, moduleIndexes } from './kernel-modules.ts';

/** Files of our own that go into the guest as they are: /init, hostctl, and what is below /etc. */
const GUEST_TREE = fileURLToPath(new URL('../guest/', import.meta.url));

/** What an initramfs is made from. */
export interface InitramfsParts {
  readonly busybox: Uint8Array;
  /** For example `6.12.107+deb13-riscv64`, the name of the folder below /lib/modules. */
  readonly kernelRelease: string;
  readonly modules: readonly KernelModule[];
  /** `modules.builtin` of the kernel package: what modprobe need not look for. */
  readonly builtinModules: Uint8Array;
  readonly suite: string;
}

/** Our own files, as archive entries sorted by path. */
export const guestTree = async (): Promise<readonly CpioEntry[]> => {
  const paths = (await readdir(GUEST_TREE, { recursive: true })).sort();
  const entries: CpioEntry[] = [];
  for (const path of paths) {
    const file = join(GUEST_TREE, path);
    if ((await stat(file)).isDirectory()) entries.push({ type: 'directory', path });
    else {
      const data = await readFile(file);
      entries.push({ type: 'file', path, data, mode: data.subarray(0, 2).toString() === '#!' ? 0o755 : 0o644 });
    }
  }
  return entries;
};

const directory = (path: string, mode = 0o755): CpioEntry => ({ type: 'directory', path, mode });
const symlink = (path: string, target: string): CpioEntry => ({ type: 'symlink', path, target });
const text = (path: string, contents: string): CpioEntry => ({
  type: 'file',
  path,
  data: new TextEncoder().encode(contents),
});

/** Each directory on the way to the given files, parents first. */
const directoriesOf = (paths: readonly string[]): readonly CpioEntry[] => {
  const all = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) all.add(parts.slice(0, depth).join('/'));
  }
  return [...all].sort().map((path) => directory(path));
};

const moduleEntries = ({ kernelRelease, modules, builtinModules }: InitramfsParts): readonly CpioEntry[] => {
  const root = `usr/lib/modules/${kernelRelease}`;
  const files = modules.map(
    (module): CpioEntry => ({ type: 'file', path: `${root}/${module.path}`, data: module.data }),
  );
  const indexes = [...moduleIndexes(modules)].map(([name, contents]) => text(`${root}/${name}`, contents));
  const builtin: CpioEntry = { type: 'file', path: `${root}/modules.builtin`, data: builtinModules };
  const below = [...files, ...indexes, builtin];
  return [...directoriesOf(below.map(({ path }) => path)).filter(({ path }) => path !== 'usr'), ...below];
};

/**
 * Makes the guest's first root file system: busybox with a link for each applet, our init, the modules. The same parts
 * make the same bytes. It is not compressed: a software CPU copies faster than it unpacks.
 *
 * @throws VIV_GUEST_PACKAGE_CORRUPT
 */
export const buildInitramfs = async (parts: InitramfsParts): Promise<Uint8Array> => {
  const applets = busyboxApplets(parts.busybox);
  if (applets === undefined) {
    throw guestError('VIV_GUEST_PACKAGE_CORRUPT', 'the busybox of the package has no table of applets');
  }
  const directories = ['.', 'dev', 'proc', 'sys', 'run', 'mnt', 'usr', 'usr/bin', 'var', 'var/log'];
  const own = (await guestTree()).filter(({ type, path }) => type !== 'directory' || !directories.includes(path));
  const links = applets.filter((name) => name !== 'busybox').map((name) => symlink(`usr/bin/${name}`, 'busybox'));
  return writeCpio([
    ...directories.map((path) => directory(path)),
    directory('root', 0o700),
    directory('tmp', 0o1777),
    symlink('bin', 'usr/bin'),
    symlink('sbin', 'usr/bin'),
    symlink('lib', 'usr/lib'),
    symlink('usr/sbin', 'bin'),
    // The kernel opens the console before init mounts devtmpfs.
    { type: 'character', path: 'dev/console', major: 5, minor: 1 },
    { type: 'file', path: 'usr/bin/busybox', data: parts.busybox, mode: 0o755 },
    ...links,
    ...own,
    symlink('etc/mtab', '../proc/self/mounts'),
    text(
      'etc/motd',
      `\nDebian ${parts.suite}, Linux ${parts.kernelRelease}, in Vivarium.\n\`exit\` or Ctrl-D powers the machine off.\n\n`,
    ),
    ...moduleEntries(parts),
  ]);
};
