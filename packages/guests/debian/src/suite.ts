import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createAptState } from './apt-state.ts';
import { codenames, updateLists } from './apt.ts';
import { guestError } from './errors.ts';
import { fetchKeyring, installedKeyring } from './keyring.ts';

/** What it takes to open a suite. */
export interface SuiteRequest {
  readonly directory: string;
  readonly mirror: string;
  /** Code name, for example `trixie`. */
  readonly suite: string;
  readonly settings: readonly string[];
  readonly keyrings: readonly string[];
  readonly onPercent: (percent: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Names a mirror may have for the same suite. Mirrors and caches renew their files one by one, so that for a while the
 * list of a suite does not match its signature under one name and does under another. All are verified alike, and the
 * signed code name must be the one asked for.
 */
const namesOf = (suite: string): readonly string[] => [suite, 'stable', 'oldstable'];

/** What apt says when the files of a suite do not belong together. */
const OUT_OF_STEP = /has unexpected size|Hash Sum mismatch|Mirror sync in progress/;
const UNTRUSTED = /NO_PUBKEY|not signed|EXPKEYSIG|BADSIG|couldn't be verified|could not be verified/;

/**
 * Fetches the package lists of a suite into a private apt state and verifies them.
 *
 * @returns the environment in which apt sees that suite and nothing else
 * @throws VIV_GUEST_MIRROR_FAILED, VIV_GUEST_KEYRING, VIV_GUEST_CANCELLED
 */
export const openSuite = async (request: SuiteRequest): Promise<Readonly<Record<string, string>>> => {
  const { directory, mirror, suite, settings, onPercent, signal } = request;
  const fetchNewKeyring = () => fetchKeyring(join(directory, 'keyring'), settings, signal);
  let keyring = (await installedKeyring(request.keyrings)) ?? (await fetchNewKeyring());
  let complaints = '';

  for (const name of namesOf(suite)) {
    const open = () => createAptState(directory, 'riscv64', settings, { mirror, suite: name, keyring });
    let environment = await open();
    let complaint = await updateLists(environment, onPercent, signal);
    if (complaint !== undefined && UNTRUSTED.test(complaint) && request.keyrings.includes(keyring)) {
      keyring = await fetchNewKeyring();
      environment = await open();
      complaint = await updateLists(environment, onPercent, signal);
    }
    if (complaint !== undefined && UNTRUSTED.test(complaint)) {
      throw guestError(
        'VIV_GUEST_KEYRING',
        `the signature of ${name} on ${mirror} is not one this host trusts: ${complaint}`,
      );
    }
    if (complaint === undefined && (await codenames(environment, signal)).includes(suite)) return environment;
    complaints += `\n${name}: ${complaint ?? `is not ${suite}`}`;
    if (complaint !== undefined && !OUT_OF_STEP.test(complaint)) break;
    await rm(join(directory, 'lists'), { recursive: true, force: true });
  }
  throw guestError('VIV_GUEST_MIRROR_FAILED', `the mirror ${mirror} did not serve ${suite}:${complaints}`);
};
