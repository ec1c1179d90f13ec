import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cancelled } from './subprocess.ts';

/** A holder says that it lives this often, by the lock file's time. */
const HEARTBEAT = 5_000;
/** A lock whose holder has been silent this long is taken away: long enough for a busy host. */
const STALE_AFTER = 120_000;
const POLL = 200;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const readHolder = (text: string): Holder | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, host, token } = value as Record<string, unknown>;
    return typeof pid === 'number' && typeof host === 'string' && typeof token === 'string'
      ? { pid, host, token }
      : undefined;
  } catch {
    return undefined;
  }
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const ignoreMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

/** Text of a lock whose holder is gone, undefined when the lock is held or was released. */
const staleText = async (path: string): Promise<string | undefined> => {
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  const facts = text === undefined ? undefined : await stat(path).catch(ignoreMissing);
  if (text === undefined || facts === undefined) return undefined;
  const holder = readHolder(text);
  const dead = holder !== undefined && holder.host === hostname() && !lives(holder.pid);
  return dead || Date.now() - facts.mtimeMs > STALE_AFTER ? text : undefined;
};

/** Takes a stale lock away. Of several that try, rename lets one win; a lock made in between is put back. */
const breakLock = async (path: string, text: string): Promise<void> => {
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(ignoreMissing);
  const taken = await readFile(aside, 'utf8').catch(ignoreMissing);
  if (taken !== undefined && taken !== text) await link(aside, path);
  await rm(aside, { force: true });
};

const create = async (path: string, text: string): Promise<boolean> => {
  // Written aside and linked, so that a lock never exists without its contents.
  const aside = `${path}.${randomUUID()}`;
  try {
    await writeFile(aside, text);
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
};

/** A lock that is held; release it when done. */
export interface CacheLock {
  readonly release: () => Promise<void>;
}

/**
 * Takes the lock file at `path`, waiting while another process holds it. A lock whose process is gone, or silent for
 * two minutes (a holder on another host), is taken over.
 *
 * @param onWait called once when there is somebody to wait for.
 * @throws VIV_GUEST_CANCELLED
 */
export const takeLock = async (path: string, onWait: () => void, signal?: AbortSignal): Promise<CacheLock> => {
  const text = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() } satisfies Holder);
  for (let tries = 0; !(await create(path, text)); tries += 1) {
    if (signal?.aborted) throw cancelled(signal);
    const stale = await staleText(path);
    if (stale !== undefined) {
      await breakLock(path, stale);
      continue;
    }
    if (tries === 0) onWait();
    await delay(POLL, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A lock that was taken from us has nothing to keep alive; the holder notices on release.
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT);
  heartbeat.unref();
  return {
    release: async () => {
      clearInterval(heartbeat);
      const current = await readFile(path, 'utf8').catch(ignoreMissing);
      if (current === text) await rm(path, { force: true });
    },
  };
};
