import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guestError } from './errors.ts';
import { buildInitramfs } from './initramfs.ts';
import { collectModules, WANTED_MODULES } from './kernel-modules.ts';
import type { ReportProgress } from './progress.ts';
import { runChecked } from './subprocess.ts';

/** What to build from: two packages that were verified. */
export interface BuildRequest {
  /** Where packages may be unpacked for a while. */
  readonly directory: string;
  readonly kernelPackage: string;
  readonly busyboxPackage: string;
  readonly suite: string;
  readonly report: ReportProgress;
  readonly signal?: AbortSignal | undefined;
}

export interface BuiltImage {
  readonly kernelRelease: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** "RISCV\0\0\0" at 0x30 and "RSC\x05" at 0x38: Documentation/arch/riscv/boot-image-header.rst of Linux. */
const isKernelImage = (image: Buffer): boolean =>
  image.length > 64 &&
  image.toString('latin1', 0x30, 0x35) === 'RISCV' &&
  image.toString('latin1', 0x38, 0x3c) === 'RSC\x05';

/** Debian puts a short note where a kernel package carries no symbols. */
const SMALLEST_SYSTEM_MAP = 1024;

const only = async (directory: string, prefix: string): Promise<string> => {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith(prefix));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw guestError(
    'VIV_GUEST_PACKAGE_CORRUPT',
    `the kernel package has ${names.length} files ${prefix}* instead of one`,
  );
};

const readKernel = async (boot: string): Promise<Buffer> => {
  // Debian names the uncompressed `Image` vmlinux.
  const image = await readFile(join(boot, await only(boot, 'vmlinu')));
  if (isKernelImage(image)) return image;
  throw guestError('VIV_GUEST_PACKAGE_CORRUPT', 'the kernel of the package is not an uncompressed RISC-V Image');
};

const modulesFolder = async (root: string): Promise<string> => {
  for (const path of ['usr/lib/modules', 'lib/modules']) {
    const [release] = await readdir(join(root, path)).catch(() => []);
    if (release !== undefined) return join(root, path, release);
  }
  throw guestError('VIV_GUEST_PACKAGE_CORRUPT', 'the kernel package has no modules');
};

/**
 * Unpacks the packages and makes the files of an image: `kernel`, `initrd.img`, and `System.map` where there is one.
 *
 * @throws VIV_GUEST_PACKAGE_CORRUPT, VIV_GUEST_TOOL_FAILED, VIV_GUEST_CANCELLED
 */
export const buildImage = async (request: BuildRequest): Promise<BuiltImage> => {
  const { report, signal } = request;
  const root = join(request.directory, `unpack-${randomUUID()}`);
  const unpack = (file: string) => runChecked('dpkg-deb', ['--extract', file, root], { signal });
  try {
    report({ step: 'build', message: 'Unpacking the kernel package', done: 0, total: 100 });
    await unpack(request.kernelPackage);
    report({ step: 'build', message: 'Unpacking busybox', done: 50, total: 100 });
    await unpack(request.busyboxPackage);
    const boot = join(root, 'boot');
    const kernel = await readKernel(boot);
    const moduleRoot = await modulesFolder(root);
    const kernelRelease = moduleRoot.slice(moduleRoot.lastIndexOf('/') + 1);
    report({ step: 'build', message: 'Reading kernel modules', done: 60, total: 100 });
    const modules = await collectModules(moduleRoot, WANTED_MODULES, signal);
    report({ step: 'build', message: 'Writing the initramfs', done: 90, total: 100 });
    const initrd = await buildInitramfs({
      busybox: await readFile(join(root, 'usr/bin/busybox')),
      kernelRelease,
      modules,
      builtinModules: await readFile(join(moduleRoot, 'modules.builtin')),
      suite: request.suite,
    });
    const symbols = await readFile(join(boot, await only(boot, 'System.map-')));
    const files = new Map<string, Uint8Array>([
      ['kernel', kernel],
      ['initrd.img', initrd],
    ]);
    if (symbols.length >= SMALLEST_SYSTEM_MAP) files.set('System.map', symbols);
    return { kernelRelease, files };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
