import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createAptState } from './apt-state.ts';
import { archivePath, downloadPackages, findPackage, updateLists } from './apt.ts';
import { guestError } from './errors.ts';
import { runChecked } from './subprocess.ts';

/** Where Debian's package debian-archive-keyring puts the keys of the archive. */
export const KEYRINGS: readonly string[] = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

const firstFile = async (paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
};

/** The keyring that is installed on the host, if there is one. */
export const installedKeyring = (candidates: readonly string[]): Promise<string | undefined> => firstFile(candidates);

/**
 * Fetches the newest debian-archive-keyring that the host's own apt sources offer, verified by the host's own trust, and
 * unpacks it below `directory`. Needs no root and leaves the host as it is.
 *
 * @throws VIV_GUEST_KEYRING
 */
export const fetchKeyring = async (
  directory: string,
  settings: readonly string[],
  signal?: AbortSignal,
): Promise<string> => {
  try {
    const architecture = (await runChecked('dpkg', ['--print-architecture'], { signal })).toString('utf8').trim();
    await mkdir(directory, { recursive: true });
    const environment = await createAptState(directory, architecture, settings, 'host');
    const complaint = await updateLists(environment, () => undefined, signal);
    if (complaint !== undefined) throw guestError('VIV_GUEST_MIRROR_FAILED', complaint);
    const keyring = await findPackage(environment, 'debian-archive-keyring', signal);
    await downloadPackages(environment, directory, [keyring], () => undefined, signal);
    const unpacked = join(directory, 'unpacked');
    await rm(unpacked, { recursive: true, force: true });
    await runChecked('dpkg-deb', ['--extract', archivePath(directory, keyring), unpacked], { signal });
    const file = await firstFile(KEYRINGS.map((path) => join(unpacked, path)));
    if (file !== undefined) return file;
    throw guestError('VIV_GUEST_PACKAGE_CORRUPT', 'debian-archive-keyring carries no keyring');
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw guestError('VIV_GUEST_KEYRING', "a keyring for the suite could not be fetched through the host's apt", {
      cause,
    });
  }
};
