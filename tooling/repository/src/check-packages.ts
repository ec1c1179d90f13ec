/**
 * Packs every package and checks what would be published. Needs a build. Exits with 1 when it finds anything.
 * Run through pnpm, which it calls: `pnpm check:packages`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTarball } from './publishing/check-tarball.ts';
import { publishWarnings } from './publishing/publish-output.ts';
import { type Finding, readWorkspace } from './workspace.ts';

const workspace = readWorkspace(process.cwd());
const published = workspace.packages.filter(({ manifest }) => manifest.private !== true);

/** Runs pnpm and returns all that it printed; throws with it when it fails. */
const pnpm = (...args: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync('pnpm', args, { encoding: 'utf8', cwd: workspace.root });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`pnpm ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
};

const tarballs = mkdtempSync(join(tmpdir(), 'vivarium-pack-'));
try {
  const findings: Finding[] = publishWarnings(pnpm('--recursive', 'publish', '--dry-run', '--no-git-checks'));
  pnpm(
    '--recursive',
    ...published.flatMap(({ manifest }) => ['--filter', manifest.name]),
    'pack',
    '--pack-destination',
    tarballs,
  );
  for (const pkg of published) {
    const { name, version } = pkg.manifest;
    const file = join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    findings.push(...(await checkTarball(file, pkg)));
  }
  for (const { rule, where, what } of findings) console.error(`${where}  ${rule}: ${what}`);
  console.log(`${published.length} packages packed, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}
