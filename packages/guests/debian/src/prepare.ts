import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isVivariumError } from '@vivarium/contracts';
import { findPackage, type PackageRecord } from './apt.ts';
import { askedMirror, askMirror } from './ask-mirror.ts';
import { takeLock } from './cache-lock.ts';
import { guestError } from './errors.ts';
import { fetchPackages } from './fetch-packages.ts';
import { buildImage } from './image-build.ts';
import { type CurrentImage, type GuestPackage, type ImageManifest, ImageStore } from './image-store.ts';
import { KEYRINGS } from './keyring.ts';
import type { Progress, ReportProgress } from './progress.ts';
import { imageKey, recipeHash } from './recipe.ts';
import { cancelled } from './subprocess.ts';

export interface PrepareOptions {
  /** Folder for downloads and images. Default: `$VIVARIUM_CACHE`, else `vivarium` in the user's cache folder (XDG). */
  readonly cache?: string;
  /** Address of a Debian mirror. Default: `$VIVARIUM_DEBIAN_MIRROR`, else the one the host's own apt uses. */
  readonly mirror?: string;
  /** Code name of the Debian release. Default: `trixie`. */
  readonly suite?: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Ask the mirror for newer versions now. Default: only when that was last done seven days ago or more. */
  readonly refresh?: boolean;
}

/** A guest that is ready to boot. Paths are absolute. */
export interface DebianGuest {
  /** The kernel, a RISC-V `Image`. */
  readonly kernel: string;
  /** The initramfs, uncompressed; its length is a multiple of 512. */
  readonly initrd: string;
  /** For people, for example `Debian trixie, Linux 6.12.107+deb13-riscv64`. */
  readonly release: string;
  /** The kernel's symbols, when its package carries them. */
  readonly systemMap?: string;
  readonly packages: readonly GuestPackage[];
}

/** What tests set otherwise: the keyrings taken for those of the host. */
export interface HostTrust {
  readonly keyrings: readonly string[];
}

const DAY = 24 * 60 * 60 * 1000;
/** How long a comparison with the mirror is good for. */
const CHECK_AFTER = 7 * DAY;

const KERNEL_META_PACKAGE = 'linux-image-riscv64';
const BUSYBOX_PACKAGE = 'busybox-static';

/** What one preparation works with: the options, with every default filled in. */
interface Preparation {
  readonly directory: string;
  readonly store: ImageStore;
  readonly mirror: string | undefined;
  readonly suite: string;
  readonly keyrings: readonly string[];
  readonly recipe: string;
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/** The folder that the options mean. */
export const cacheFolder = ({ cache }: Pick<PrepareOptions, 'cache'>): string => {
  const { VIVARIUM_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return resolve(cache ?? (own || join(xdg || join(homedir(), '.cache'), 'vivarium')));
};

const guestOf = (store: ImageStore, { key, release, packages, files }: ImageManifest): DebianGuest => ({
  kernel: store.path(key, 'kernel'),
  initrd: store.path(key, 'initrd.img'),
  release,
  packages,
  ...(files.some(({ name }) => name === 'System.map') ? { systemMap: store.path(key, 'System.map') } : {}),
});

/** The image in use, when it is whole and was made by this recipe from the source that is asked for. */
const usable = async (work: Preparation): Promise<CurrentImage | undefined> => {
  const current = await work.store.current();
  if (current === undefined) return undefined;
  const { manifest, source } = current;
  const asked = work.mirror === undefined || source === work.mirror;
  const same = asked && manifest.key === imageKey(work.recipe, manifest.packages);
  return same && (await work.store.isWhole(manifest)) ? current : undefined;
};

/** The kernel package that the meta package stands for at present. */
const findKernel = async (
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<PackageRecord> => {
  const { depends } = await findPackage(environment, KERNEL_META_PACKAGE, signal);
  const name = /(?:^|[,|]\s*)(linux-image-\d[^\s,|]*)/.exec(depends)?.[1];
  if (name !== undefined) return findPackage(environment, name, signal);
  throw guestError('VIV_GUEST_PACKAGE_MISSING', `${KERNEL_META_PACKAGE} depends on no kernel: ${depends}`);
};

/** Asks the mirror, and makes a new image unless the one in use is made from the same packages. */
const renew = async (work: Preparation, previous: CurrentImage | undefined): Promise<ImageManifest> => {
  const { directory, suite, report, signal, store } = work;
  const { mirror, environment } = await askMirror(work);
  const packages = [await findKernel(environment, signal), await findPackage(environment, BUSYBOX_PACKAGE, signal)];
  const key = imageKey(work.recipe, packages);
  const use = async (manifest: ImageManifest): Promise<ImageManifest> => {
    await store.use({ manifest, source: mirror, checkedAt: Date.now() });
    return manifest;
  };
  if (previous?.manifest.key === key) return use(previous.manifest);

  const [kernelPackage = '', busyboxPackage = ''] = await fetchPackages({
    folder: join(directory, 'packages'),
    environment,
    packages,
    report,
    signal,
  });
  const built = await buildImage({ directory, kernelPackage, busyboxPackage, suite, report, signal });
  const release = `Debian ${suite}, Linux ${built.kernelRelease}`;
  const contents = packages.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  return use(await store.publish({ key, release, packages: contents }, built.files));
};

/** As {@link renew}; while the mirror is out of reach, what was prepared earlier still serves. */
const renewOrKeep = async (work: Preparation, refresh: boolean): Promise<ImageManifest> => {
  const previous = await usable(work);
  try {
    return await renew(work, previous);
  } catch (error) {
    const outOfReach =
      isVivariumError(error) && ['VIV_GUEST_MIRROR_FAILED', 'VIV_GUEST_NO_MIRROR'].includes(error.code);
    if (refresh || previous === undefined || !outOfReach) throw error;
    const message = `Using ${previous.manifest.release} as prepared before: ${error.message.split('\n', 1)[0]}`;
    work.report({ step: 'offline', message });
    return previous.manifest;
  }
};

const makeFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw guestError('VIV_GUEST_CACHE_UNUSABLE', `the cache folder ${path} cannot be created`, { cause });
  }
};

/** {@link prepareDebian}, with what it trusts given instead of taken from the host. */
export const prepareWith = async (options: PrepareOptions, trust: HostTrust): Promise<DebianGuest> => {
  const { suite = 'trixie', onProgress, signal, refresh = false } = options;
  if (signal?.aborted) throw cancelled(signal);
  const directory = join(cacheFolder(options), 'debian', suite);
  const store = new ImageStore(join(directory, 'images'));
  const work: Preparation = {
    directory,
    store,
    mirror: askedMirror(options.mirror),
    suite,
    keyrings: trust.keyrings,
    recipe: await recipeHash(),
    report: onProgress ?? (() => undefined),
    signal,
  };
  const started = Date.now();
  const fresh = async (since: number): Promise<ImageManifest | undefined> => {
    const current = await usable(work);
    return current !== undefined && current.checkedAt > since ? current.manifest : undefined;
  };
  const ready = (manifest: ImageManifest): DebianGuest => {
    work.report({ step: 'ready', message: `${manifest.release} is ready` });
    return guestOf(store, manifest);
  };

  const cached = refresh ? undefined : await fresh(started - CHECK_AFTER);
  if (cached !== undefined) return ready(cached);
  await makeFolder(join(directory, 'images'));
  const lock = await takeLock(
    join(directory, 'lock'),
    () => work.report({ step: 'wait', message: 'Waiting for another process that prepares the guest' }),
    signal,
  );
  try {
    // Whoever held the lock may have done the work meanwhile.
    const done = await fresh(refresh ? started : started - CHECK_AFTER);
    return ready(done ?? (await renewOrKeep(work, refresh)));
  } finally {
    await lock.release();
  }
};

/**
 * Makes Debian's riscv64 kernel and an initramfs ready to boot, and returns where they are. The first time downloads
 * about 120 MB; later calls return what is cached, after checking that it is whole, without asking the mirror again for
 * seven days. Safe to call from several processes at once; a call that was interrupted goes on where it stopped.
 *
 * @throws VIV_GUEST_NO_APT, VIV_GUEST_NO_MIRROR, VIV_GUEST_MIRROR_FAILED, VIV_GUEST_KEYRING,
 * VIV_GUEST_PACKAGE_MISSING, VIV_GUEST_PACKAGE_CORRUPT, VIV_GUEST_TOOL_FAILED, VIV_GUEST_CACHE_UNUSABLE,
 * VIV_GUEST_CANCELLED
 */
export const prepareDebian = (options: PrepareOptions = {}): Promise<DebianGuest> =>
  prepareWith(options, { keyrings: KEYRINGS });
