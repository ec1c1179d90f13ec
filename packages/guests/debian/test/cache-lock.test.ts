import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../src/cache-lock.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viv-lock-'));
  path = join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const holder = (pid: number, host = hostname()) => JSON.stringify({ pid, host, token: 'someone' });
const deadProcess = () => spawnSync('true').pid;

describe('takeLock', () => {
  it('lets one in at a time, and the next when it leaves', async () => {
    let inside = 0;
    let most = 0;
    const visits = Array.from({ length: 8 }, async () => {
      const lock = await takeLock(path, () => undefined);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await lock.release();
    });
    await Promise.all(visits);
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over the lock of a process that is gone, once for all who wait', async () => {
    writeFileSync(path, holder(deadProcess()));
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        const lock = await takeLock(path, () => undefined);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        await lock.release();
      }),
    );
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over a lock that has been silent for minutes, whoever holds it and whatever it says', async () => {
    for (const text of [holder(1, 'another-host'), 'not a lock at all', '']) {
      writeFileSync(path, text);
      utimesSync(path, new Date(0), new Date(0));
      const lock = await takeLock(path, () => undefined);
      expect(readFileSync(path, 'utf8')).not.toBe(text);
      await lock.release();
      expect(existsSync(path)).toBe(false);
    }
  });

  it('waits for a holder that lives, and stops waiting when cancelled', async () => {
    writeFileSync(path, holder(process.pid));
    const controller = new AbortController();
    let waited = 0;
    const waiting = takeLock(
      path,
      () => {
        waited += 1;
        controller.abort();
      },
      controller.signal,
    );
    await expect(waiting).rejects.toMatchObject({ code: 'VIV_GUEST_CANCELLED' });
    expect(waited).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(holder(process.pid));
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('does not release a lock that was taken from it', async () => {
    const lock = await takeLock(path, () => undefined);
    writeFileSync(path, holder(process.pid));
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });
});
