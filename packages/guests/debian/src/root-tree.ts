import { copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { findPackages, type PackageRecord } from './apt.ts';
import { askedMirror, askMirror } from './ask-mirror.ts';
import { takeLock } from './cache-lock.ts';
import { guestError } from './errors.ts';
import { fetchPackages } from './fetch-packages.ts';
import type { GuestPackage } from './image-store.ts';
import { guestTree } from './initramfs.ts';
import { KEYRINGS } from './keyring.ts';
import { cacheFolder, type PrepareOptions, prepareDebian } from './prepare.ts';
import { run, runChecked } from './subprocess.ts';

/** What {@link unpackDebian} is asked for. */
export interface RootOptions extends PrepareOptions {
  /** Where the file system goes: a folder that is not there yet, or is empty. */
  readonly directory: string;
  /** Packages besides those of {@link ROOT_PACKAGES}; what they depend on follows by itself. */
  readonly packages?: readonly string[];
}

/** A root file system in a folder. */
export interface DebianRoot {
  readonly directory: string;
  readonly packages: readonly GuestPackage[];
}

/** A system that one can log in to and work with, without an init system. */
export const ROOT_PACKAGES: readonly string[] = [
  ...['base-files', 'base-passwd', 'bash', 'busybox-static', 'coreutils', 'dash', 'debianutils', 'diffutils'],
  ...['e2fsprogs', 'findutils', 'grep', 'gzip', 'hostname', 'iproute2', 'kmod', 'libc-bin', 'login', 'mawk', 'mount'],
  ...['ncurses-base', 'ncurses-bin', 'perl-base', 'procps', 'sed', 'tar', 'util-linux'],
];

/** What the scripts of packages would have made, as symbolic links, when a package has not. */
const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['usr/bin/awk', 'mawk'],
  ['etc/mtab', '../proc/self/mounts'],
  // The kernel starts it when there is no initramfs.
  ['usr/sbin/init', '../../init'],
];

/** The packages and all they depend on, as apt chooses them for an empty system. */
const closureOf = async (
  environment: Readonly<Record<string, string>>,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly PackageRecord[]> => {
  const simulated = ['--simulate', '--no-install-recommends', '-o', 'APT::Install-Suggests=false', 'install'];
  const { code, stdout, stderr } = await run('apt-get', [...simulated, ...names], { environment, signal });
  if (code !== 0) throw guestError('VIV_GUEST_PACKAGE_MISSING', `apt cannot install these packages: ${stderr.trim()}`);
  // One line for each package: Inst name (version origin [architecture]).
  const lines = stdout.toString('utf8').matchAll(/^Inst (\S+) \((\S+) /gm);
  const wanted = [...lines].map(([, name = '', version = '']) => `${name.replace(/:.*/, '')}=${version}`);
  return findPackages(environment, wanted, signal);
};

const isEmpty = async (directory: string): Promise<boolean> =>
  (await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : ['?']))).length ===
  0;

/**
 * Unpacks Debian packages for riscv64 into a folder: a root file system for virtio-fs, or for {@link makeExt4}. Their
 * scripts do not run, as nothing on the host can run them; what a shell and ordinary programs need is set up all the
 * same. The kernel's modules for virtual devices are in it, and an init that works as in the initramfs.
 *
 * @throws VIV_GUEST_ROOT, and what {@link prepareDebian} throws
 */
export const unpackDebian = async (options: RootOptions): Promise<DebianRoot> => {
  const directory = resolve(options.directory);
  const { suite = 'trixie', signal, onProgress: report = () => {} } = options;
  if (!(await isEmpty(directory))) {
    throw guestError('VIV_GUEST_ROOT', `${directory} is not an empty folder`);
  }
  // The modules are those that were chosen for the initramfs.
  const guest = await prepareDebian(options);
  const cache = join(cacheFolder(options), 'debian', suite);
  const lock = await takeLock(
    join(cache, 'lock'),
    () => report({ step: 'wait', message: 'Waiting for another process' }),
    signal,
  );
  try {
    const mirror = askedMirror(options.mirror);
    const { environment } = await askMirror({ directory: cache, mirror, suite, keyrings: KEYRINGS, report, signal });
    const packages = await closureOf(environment, [...ROOT_PACKAGES, ...(options.packages ?? [])], signal);
    const folder = join(cache, 'root-packages');
    const files = await fetchPackages({ folder, environment, packages, report, signal });
    await mkdir(directory, { recursive: true });
    for (const [index, file] of files.entries()) {
      report({ step: 'build', message: 'Unpacking the packages', done: (index * 100) / files.length, total: 100 });
      await runChecked('dpkg-deb', ['--extract', file, directory], { signal });
    }
    await finish(directory, guest.initrd, signal);
    return { directory, packages: packages.map(({ name, version, sha256 }) => ({ name, version, sha256 })) };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    await lock.release();
  }
};

/** What the packages' scripts would have done, as far as it is needed, and our own files. */
const finish = async (root: string, initrd: string, signal: AbortSignal | undefined): Promise<void> => {
  const base = join(root, 'usr/share/base-passwd');
  await copyFile(join(base, 'passwd.master'), join(root, 'etc/passwd'));
  await copyFile(join(base, 'group.master'), join(root, 'etc/group'));
  for (const entry of await guestTree()) {
    const path = join(root, entry.path);
    if (entry.type === 'directory') await mkdir(path, { recursive: true });
    // What Debian has is Debian's.
    else if (entry.type === 'file')
      await writeFile(path, entry.data, { flag: 'wx', mode: entry.mode ?? 0o644 }).catch(keepThere);
  }
  for (const [path, target] of LINKS) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path)).catch(keepThere);
  }
  const unpack = [
    '--extract',
    '--make-directories',
    '--quiet',
    '--unconditional',
    '--file',
    initrd,
    'usr/lib/modules/*',
  ];
  await runChecked('cpio', unpack, { cwd: root, signal });
};

const keepThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error;
};
