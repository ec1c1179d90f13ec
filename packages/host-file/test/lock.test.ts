import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openHostFile } from '../src/node.ts';

const locked = expect.objectContaining({ code: 'VIV_HOST_FILE_LOCKED' }) as Error;
let folder = '';
let path = '';
let count = 0;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-file-lock-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  path = join(folder, `disk-${count++}`);
  writeFileSync(path, 'x');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Another process that has the file open until it is killed. */
const holder = async (readOnly: boolean): Promise<ChildProcess> => {
  const script = `
    import { openHostFile } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
    openHostFile(${JSON.stringify(path)}, { readOnly: ${readOnly} });
    console.log('open');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--conditions=@vivarium/source', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};

/** Claims on the file that are left. */
const claims = (): string[] => {
  const { dev, ino } = statSync(path, { bigint: true });
  return readdirSync(join(tmpdir(), `vivarium-locks-${userInfo().uid}`)).filter((name) =>
    name.startsWith(`${dev}-${ino}.`),
  );
};

describe('a file that is open', () => {
  it('for writing is refused to everybody, by whatever name', () => {
    const file = openHostFile(path);
    symlinkSync(path, `${path}-symbolic`);
    linkSync(path, `${path}-hard`);
    for (const name of [path, `${path}-symbolic`, `${path}-hard`]) {
      expect(() => openHostFile(name)).toThrow(locked);
      expect(() => openHostFile(name, { readOnly: true })).toThrow(locked);
    }
    file.close();
    openHostFile(path).close();
    expect(claims()).toEqual([]);
  });

  it('for reading may be read by many, and not be written', () => {
    const readers = [1, 2, 3].map(() => openHostFile(path, { readOnly: true }));
    expect(() => openHostFile(path)).toThrow(locked);
    for (const reader of readers) reader.close();
    openHostFile(path).close();
  });

  it('is not refused without a lock', () => {
    const file = openHostFile(path);
    openHostFile(path, { lock: false }).close();
    expect(() => openHostFile(path)).toThrow(locked);
    file.close();
  });

  it('in another process is refused, and free once that was killed', async () => {
    const child = await holder(false);
    expect(() => openHostFile(path)).toThrow(locked);
    expect(() => openHostFile(path, { readOnly: true })).toThrow(locked);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(claims().length).toBe(1);
    const file = openHostFile(path);
    expect(claims().length).toBe(1);
    file.close();
    expect(claims()).toEqual([]);
  });

  it('in a process that reads is free for readers', async () => {
    await holder(true);
    expect(() => openHostFile(path)).toThrow(locked);
    openHostFile(path, { readOnly: true }).close();
  });

  it.runIf(process.platform === 'linux')('is told from a process that has the number of one that was killed', () => {
    const { dev, ino } = statSync(path, { bigint: true });
    openHostFile(path).close();
    // A claim of this very process, through a descriptor that is something else by now.
    writeFileSync(join(tmpdir(), `vivarium-locks-${userInfo().uid}`, `${dev}-${ino}.${process.pid}.0.writes`), '');
    openHostFile(path).close();
    expect(claims()).toEqual([]);
  });
});
