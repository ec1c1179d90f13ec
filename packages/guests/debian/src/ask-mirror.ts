import { join } from 'node:path';
import { hostSettings } from './apt-state.ts';
import { hostMirror } from './host-mirror.ts';
import type { ReportProgress } from './progress.ts';
import { openSuite } from './suite.ts';

/** Which suite of which mirror is to be asked. */
export interface MirrorRequest {
  /** Of the cache, for this suite. */
  readonly directory: string;
  /** Undefined: the one that the host's own apt uses. */
  readonly mirror: string | undefined;
  readonly suite: string;
  readonly keyrings: readonly string[];
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

/** A suite whose lists are there and verified. */
export interface OpenMirror {
  readonly mirror: string;
  /** In which apt sees that suite and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Which mirror the caller or the environment asks for, if any does. */
export const askedMirror = (given: string | undefined): string | undefined =>
  given ?? (process.env['VIVARIUM_DEBIAN_MIRROR'] || undefined);

/**
 * Brings the package lists up to date, and says so.
 *
 * @throws VIV_GUEST_NO_MIRROR, VIV_GUEST_MIRROR_FAILED, VIV_GUEST_KEYRING, VIV_GUEST_CANCELLED
 */
export const askMirror = async (request: MirrorRequest): Promise<OpenMirror> => {
  const { directory, suite, keyrings, report, signal } = request;
  const message = `Asking the mirror for Debian ${suite}`;
  report({ step: 'update', message });
  const settings = await hostSettings(signal);
  const mirror = request.mirror ?? (await hostMirror(signal));
  const environment = await openSuite({
    directory: join(directory, 'apt'),
    mirror,
    suite,
    settings,
    keyrings,
    onPercent: (percent) => report({ step: 'update', message, done: percent, total: 100 }),
    signal,
  });
  return { mirror, environment };
};
