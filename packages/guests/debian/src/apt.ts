import { basename, join } from 'node:path';
import { guestError } from './errors.ts';
import { run, runChecked } from './subprocess.ts';

/** A package as the signed list of the suite describes it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  /** Bytes of the .deb file. */
  readonly size: number;
  readonly depends: string;
}

type Environment = Readonly<Record<string, string>>;

/** Share of the work done, in parts in a hundred, from a line of apt's status descriptor. */
const percentOf = (line: string): number | undefined => {
  // dlstatus:<item>:<percent>:<description>, see README.progress-reporting of apt.
  const percent = Number(/^dlstatus:\d+:([\d.]+):/.exec(line)?.[1]);
  return Number.isFinite(percent) ? Math.min(percent, 100) : undefined;
};

const statusOption = ['-o', 'APT::Status-Fd=3'];

/** Fetches the package lists. Returns what apt complained about, or undefined when all is well. */
export const updateLists = async (
  environment: Environment,
  onPercent: (percent: number) => void,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const { code, stderr } = await run('apt-get', [...statusOption, 'update'], {
    environment,
    signal,
    onStatus: (line) => {
      const percent = percentOf(line);
      if (percent !== undefined) onPercent(percent);
    },
  });
  return code === 0 ? undefined : stderr.trim();
};

/** Code names of the suites that the verified lists belong to, for example `trixie`. */
export const codenames = async (environment: Environment, signal?: AbortSignal): Promise<readonly string[]> => {
  const policy = (await runChecked('apt-cache', ['policy'], { environment, signal })).toString('utf8');
  return [...policy.matchAll(/^\s+release .*\bn=([^,\s]+)/gm)].map((match) => match[1] ?? '');
};

const parseRecord = (text: string): PackageRecord | undefined => {
  const fields = new Map(
    [...text.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
  const [name, version, architecture, sha256, size] = ['Package', 'Version', 'Architecture', 'SHA256', 'Size'].map(
    (field) => fields.get(field),
  );
  if (!name || !version || !architecture || !sha256 || !/^\d+$/.test(size ?? '')) return undefined;
  return { name, version, architecture, sha256, size: Number(size), depends: fields.get('Depends') ?? '' };
};

/**
 * Looks packages up in the lists, each by its name or `name=version`; the records come in the same order.
 *
 * @throws VIV_GUEST_PACKAGE_MISSING
 */
export const findPackages = async (
  environment: Environment,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<readonly PackageRecord[]> => {
  const shown = ['show', '--no-all-versions', ...names];
  const { stdout, stderr } = await run('apt-cache', shown, { environment, signal });
  const records = new Map<string, PackageRecord>();
  for (const paragraph of stdout.toString('utf8').split(/\n{2,}/)) {
    const record = parseRecord(paragraph);
    if (record === undefined) continue;
    records.set(record.name, record);
    records.set(`${record.name}=${record.version}`, record);
  }
  return names.map((name) => {
    const record = records.get(name);
    if (record !== undefined) return record;
    throw guestError('VIV_GUEST_PACKAGE_MISSING', `the suite has no package ${name}: ${stderr.trim()}`);
  });
};

/** As {@link findPackages}, of one. */
export const findPackage = async (
  environment: Environment,
  name: string,
  signal?: AbortSignal,
): Promise<PackageRecord> => {
  const [record] = await findPackages(environment, [name], signal);
  if (record !== undefined) return record;
  throw guestError('VIV_GUEST_PACKAGE_MISSING', `the suite has no package ${name}`);
};

/** Where apt puts the file of a package: a colon of the version is written %3a. */
export const archivePath = (directory: string, { name, version, architecture }: PackageRecord): string =>
  join(directory, `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`);

/** A program of apt's own package, always beside apt-get. */
export const APT_HELPER = '/usr/lib/apt/apt-helper';

/**
 * Downloads packages into `directory`, each verified against its hash in the signed lists. A download that was cut short
 * goes on where it stopped. (`apt-get download` verifies alike, but starts from the beginning each time it runs.)
 *
 * @throws VIV_GUEST_MIRROR_FAILED
 */
export const downloadPackages = async (
  environment: Environment,
  directory: string,
  packages: readonly PackageRecord[],
  onPercent: (percent: number) => void,
  signal?: AbortSignal,
): Promise<void> => {
  const wanted = packages.map(({ name, version }) => `${name}=${version}`);
  // One line for each package: 'address' file-name size hash.
  const addressed = await runChecked('apt-get', ['download', '--print-uris', ...wanted], { environment, signal });
  const lines = addressed.toString('utf8').matchAll(/^'([^']+)' (\S+) /gm);
  const addresses = new Map([...lines].map((match) => [match[2] ?? '', match[1] ?? '']));
  const files = packages.flatMap((record) => {
    const file = archivePath(directory, record);
    const address = addresses.get(basename(file));
    if (address === undefined) {
      throw guestError('VIV_GUEST_PACKAGE_MISSING', `apt names no address for ${record.name} ${record.version}`);
    }
    return [address, file, `SHA256:${record.sha256}`];
  });
  const { code, stderr } = await run(APT_HELPER, [...statusOption, 'download-file', ...files], {
    environment,
    signal,
    onStatus: (line) => {
      const percent = percentOf(line);
      if (percent !== undefined) onPercent(percent);
    },
  });
  if (code === 0) return;
  throw guestError('VIV_GUEST_MIRROR_FAILED', `downloading ${wanted.join(', ')} failed: ${stderr.trim()}`);
};
