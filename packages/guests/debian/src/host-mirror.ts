import { guestError } from './errors.ts';
import { runChecked } from './subprocess.ts';

/** True for the addresses that hold Debian's main archive: `…/debian/`. */
const isDebianArchive = (address: string): boolean =>
  /^[a-z+]+:.*\/debian\/?$/.test(address) && !/^cdrom:/.test(address);

/**
 * The address of the Debian mirror the host itself uses, from its apt sources in any format.
 *
 * @throws VIV_GUEST_NO_MIRROR, VIV_GUEST_NO_APT
 */
export const hostMirror = async (signal?: AbortSignal): Promise<string> => {
  const format = ['indextargets', '--format', '$(REPO_URI)', 'Identifier: Packages'];
  const addresses = (await runChecked('apt-get', format, { signal })).toString('utf8').split('\n');
  const mirror = addresses.find(isDebianArchive);
  if (mirror !== undefined) return mirror;
  throw guestError('VIV_GUEST_NO_MIRROR', "no mirror was given, and the host's apt sources name no Debian mirror");
};
