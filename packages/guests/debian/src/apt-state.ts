import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guestError } from './errors.ts';
import { runChecked } from './subprocess.ts';

/** Where apt finds packages, and how it trusts them. */
export interface AptSource {
  readonly mirror: string;
  readonly suite: string;
  /** Keyring file that must verify the suite's signature. */
  readonly keyring: string;
}

/** Settings of the host's apt that a private state keeps: how to reach the network, and nothing that runs a program after. */
const KEPT = /^(Acquire::.*|Dir::Etc::netrc(parts)? .*|Dir::Bin::methods .*)$/;

/** Reads the host's network settings for apt (proxies, transports, certificates) as lines of apt.conf(5). */
export const hostSettings = async (signal?: AbortSignal): Promise<readonly string[]> => {
  const dump = (await runChecked('apt-config', ['dump'], { signal })).toString('utf8');
  return dump
    .split('\n')
    .filter((line) => KEPT.test(line))
    .map((line) => line.replace(/^(Dir::Etc::\w+) "(?!\/)/, '$1 "/etc/apt/'));
};

/** Quotes a path for apt.conf(5), whose strings have no escape. */
const quote = (path: string): string => {
  if (/["\n\\]/.test(path)) throw guestError('VIV_GUEST_CACHE_UNUSABLE', `apt cannot be told the path ${path}`);
  return `"${path}"`;
};

/**
 * Makes a private apt state in `directory`: its own lists, status, archives and configuration, so that apt works as an
 * ordinary user and leaves the host's state alone. Its hooks and preferences are not taken over.
 *
 * @returns the environment that makes apt use it, see APT_CONFIG in apt.conf(5).
 */
export const createAptState = async (
  directory: string,
  architecture: string,
  settings: readonly string[],
  sources: AptSource | 'host',
): Promise<Readonly<Record<string, string>>> => {
  const nothing = join(directory, 'nothing');
  for (const folder of ['lists/partial', 'archives/partial', 'nothing']) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  await writeFile(join(directory, 'status'), '');
  const lines = [
    ...settings,
    `Dir::State ${quote(directory)};`,
    'Dir::State::lists "lists";',
    `Dir::State::status ${quote(join(directory, 'status'))};`,
    `Dir::Cache ${quote(directory)};`,
    'Dir::Cache::archives "archives";',
    'Dir::Cache::pkgcache "pkgcache.bin";',
    'Dir::Cache::srcpkgcache "";',
    `Dir::Etc::parts ${quote(nothing)};`,
    `Dir::Etc::main ${quote(join(nothing, 'main'))};`,
    `Dir::Etc::preferences ${quote(join(nothing, 'preferences'))};`,
    `Dir::Etc::preferencesparts ${quote(nothing)};`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    '#clear Acquire::Languages;',
    'Acquire::Languages "none";',
    'Acquire::GzipIndexes "true";',
    'Acquire::Retries "3";',
    // The state belongs to the caller, not to the user apt gives its rights away to when root runs it.
    'APT::Sandbox::User "root";',
    // A source that fails is an error, not a remark beside old lists.
    'APT::Update::Error-Mode "any";',
  ];
  if (sources !== 'host') {
    const { mirror, suite, keyring } = sources;
    await writeFile(join(directory, 'sources.list'), `deb ${mirror} ${suite} main\n`);
    lines.push(
      `Dir::Etc::sourcelist ${quote(join(directory, 'sources.list'))};`,
      `Dir::Etc::sourceparts ${quote(nothing)};`,
      `Dir::Etc::trusted ${quote(keyring)};`,
      `Dir::Etc::trustedparts ${quote(nothing)};`,
    );
  }
  const configuration = join(directory, 'apt.conf');
  await writeFile(configuration, `${lines.join('\n')}\n`);
  return { APT_CONFIG: configuration };
};
