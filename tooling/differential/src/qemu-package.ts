import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The first Debian release of which QEMU's user mode knows Zfa, Zcb, Zicond and Zawrs. */
const SUITE = 'trixie';
const PACKAGE = 'qemu-user';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

const HINT = 'give the path of a qemu-riscv64 of version 9.1 or later with --qemu';

const run = (
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} failed: ${stderr?.trim() ?? ''}; ${HINT}`, { cause: error });
};

const cacheFolder = (): string =>
  process.env['VIVARIUM_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'vivarium');

/** Address of Debian's archive as the host's own apt knows it. */
const hostMirror = (): string => {
  const addresses = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n');
  const mirror = addresses.find((address) => /\/debian\/?$/.test(address));
  if (mirror === undefined) throw new Error(`this host's apt sources name no Debian mirror; ${HINT}`);
  return mirror;
};

/** A configuration that keeps everything of apt in `state`: the host's packages, lists and sources stay as they are. */
const configuration = (state: string, architecture: string): string =>
  [
    `Dir::State "${state}";`,
    `Dir::State::status "${state}/status";`,
    `Dir::Cache "${state}";`,
    `Dir::Etc::sourcelist "${state}/sources.list";`,
    `Dir::Etc::sourceparts "${state}/nothing";`,
    `Dir::Etc::preferencesparts "${state}/nothing";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Sandbox::User "root";',
    'APT::Update::Error-Mode "any";',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear Acquire::Languages;',
    'Acquire::Languages "none";',
    '',
  ].join('\n');

/**
 * Path of a recent qemu-riscv64: from the cache, or fetched with apt from Debian's archive into a private state (no root,
 * signatures verified) and unpacked there.
 */
export const cachedQemu = (onProgress: (message: string) => void): string => {
  const folder = join(cacheFolder(), 'tools', `${PACKAGE}-${SUITE}`);
  const binary = join(folder, 'usr', 'bin', 'qemu-riscv64');
  if (existsSync(binary)) return binary;

  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`no Debian package for ${process.arch} is known; ${HINT}`);
  if (!existsSync(KEYRING)) throw new Error(`${KEYRING} (package debian-archive-keyring) is missing; ${HINT}`);
  mkdirSync(join(cacheFolder(), 'tools'), { recursive: true });
  const state = mkdtempSync(join(cacheFolder(), 'tools', 'apt-'));
  try {
    for (const name of ['lists/partial', 'archives/partial', 'nothing', 'unpacked']) {
      mkdirSync(join(state, name), { recursive: true });
    }
    writeFileSync(join(state, 'status'), '');
    writeFileSync(join(state, 'sources.list'), `deb [signed-by=${KEYRING}] ${hostMirror()} ${SUITE} main\n`);
    writeFileSync(join(state, 'apt.conf'), configuration(state, architecture));
    const env = { ...process.env, APT_CONFIG: join(state, 'apt.conf'), LC_ALL: 'C' };
    onProgress(`fetching the package lists of ${SUITE}`);
    run('apt-get', ['update'], { env });
    onProgress(`downloading ${PACKAGE} (about 70 MB)`);
    run('apt-get', ['download', PACKAGE], { env, cwd: state });
    const archive = readdirSync(state).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt downloaded no ${PACKAGE}; ${HINT}`);
    run('dpkg-deb', ['--extract', join(state, archive), join(state, 'unpacked')]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(state, 'unpacked'), folder);
    return binary;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
};
