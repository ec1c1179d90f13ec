import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { archivePath, downloadPackages, type PackageRecord } from './apt.ts';
import { guestError } from './errors.ts';
import { sha256File } from './image-store.ts';
import type { ReportProgress } from './progress.ts';

/** Packages that are to be in a folder. */
export interface PackageRequest {
  readonly folder: string;
  /** Of apt's private state. */
  readonly environment: Readonly<Record<string, string>>;
  readonly packages: readonly PackageRecord[];
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/** So many packages are named in a message. */
const NAMED = 4;

const summary = (packages: readonly PackageRecord[]): string =>
  packages.length > NAMED
    ? `${packages.length} packages`
    : packages.map(({ name, version }) => `${name} ${version}`).join(', ');

/** Brings the package files into the folder, each checked against the hash of the signed list; others go. */
export const fetchPackages = async ({
  folder,
  environment,
  packages,
  report,
  signal,
}: PackageRequest): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true });
  const paths = packages.map((record) => archivePath(folder, record));
  const whole = async (index: number): Promise<boolean> => {
    const hash = await sha256File(paths[index] ?? '').catch(() => undefined);
    return hash === packages[index]?.sha256;
  };
  const missing: PackageRecord[] = [];
  let begun = false;
  for (const [index, record] of packages.entries()) {
    if (await whole(index)) continue;
    // Part of a file is where apt goes on; a file that has its size and not its contents is of no use.
    const path = paths[index] ?? '';
    const facts = await stat(path).catch(() => undefined);
    if (facts !== undefined && facts.size >= record.size) await rm(path, { force: true });
    else begun ||= facts !== undefined;
    missing.push(record);
  }
  if (missing.length > 0) {
    const total = missing.reduce((sum, { size }) => sum + size, 0);
    const message = `Downloading ${summary(missing)}`;
    const onPercent = (percent: number): void =>
      report({ step: 'download', message, done: Math.round((percent * total) / 100), total });
    onPercent(0);
    const download = () => downloadPackages(environment, folder, missing, onPercent, signal);
    await download().catch((error: unknown) => {
      // What an earlier call left may itself be damaged; apt has put it aside by now, so once more from the beginning.
      if (!begun || !(error instanceof Error) || !error.message.includes('Hash Sum mismatch')) throw error;
      return download();
    });
  }
  for (const [index, { name }] of packages.entries()) {
    if (await whole(index)) continue;
    throw guestError('VIV_GUEST_PACKAGE_CORRUPT', `${name} is not the file the signed package list names`);
  }
  const old = (await readdir(folder)).filter((file) => !paths.includes(join(folder, file)));
  await Promise.all(old.map((file) => rm(join(folder, file), { force: true })));
  return paths;
};
