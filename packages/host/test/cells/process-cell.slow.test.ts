import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RemoteCell } from '@vivarium/host';
import { createProcessCell, processCells } from '@vivarium/host/node';
import { describe, expect, it } from 'vitest';
import { program, Reader, recipe } from './cell-suite.ts';

const alive = (pid: number | undefined): boolean => existsSync(`/proc/${pid}`);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const withFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-cells-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

describe('a process cell', () => {
  it('runs a guest with nothing of its host, and leaves nothing behind', () =>
    withFolder(async (folder) => {
      const cell = await createProcessCell(program('echo'), { process: { folder }, limits: { files: 100 } });
      const { pid } = cell;
      const reader = new Reader();
      const view = cell.console('console0').attach(reader);
      await cell.start();
      const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
          return 'gone';
        }
      });
      // Standard input, what it prints, its socket and the connection of its host, and what Node has in any process.
      const files = descriptors.filter((target) => /^(?!anon_inode|socket:|pipe:|gone|\/dev\/null)/.test(target));
      expect(files.filter((target) => !target.endsWith('/log'))).toEqual([]);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
      expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max open files +100 +100/);
      expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size +0 +0/);
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/NoNewPrivs:\s+1/);
      expect(readlinkSync(`/proc/${pid}/cwd`)).toMatch(new RegExp(`^${folder}/[0-9a-f]+/work$`));
      view.send(bytes('hello.'));
      expect(await cell.ended).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('hello');
      await cell[Symbol.asyncDispose]();
      expect(alive(pid)).toBe(false);
      expect(readdirSync(folder)).toEqual([]);
    }));

  it('that is killed says so, and leaves nothing behind', () =>
    withFolder(async (folder) => {
      await using cell = await createProcessCell(program('spin'), { process: { folder } });
      await cell.start();
      process.kill(cell.pid ?? 0, 'SIGKILL');
      expect(await cell.ended).toMatchObject({ kind: 'crashed', error: { code: 'VIV_CELL_KILLED' } });
      await cell[Symbol.asyncDispose]();
      expect(readdirSync(folder)).toEqual([]);
    }));

  it('goes on when its host is gone, and is found again by the next', () =>
    withFolder(async (folder) => {
      const kind = processCells({ folder, outlive: true });
      const link = await kind.launch({ name: 'lasting', limits: {}, keepsake: { number: 7 } });
      const first = await RemoteCell.create(link, program('echo'), { name: 'lasting' });
      await first.start();
      first.console('console0').attach(new Reader()).send(bytes('before '));
      const seen = new Reader();
      first.console('console0').attach(seen);
      await seen.until((text) => text.includes('before '));
      first.letGo();
      expect(alive(first.pid)).toBe(true);

      const [found] = (await kind.adopt?.()) ?? [];
      expect(found).toMatchObject({ name: 'lasting', keepsake: { number: 7 } });
      if (found?.link === undefined) throw new Error('the cell was not found');
      await using second = await RemoteCell.adopt(found.link, { name: 'lasting' });
      expect(second.state).toBe('running');
      expect(second.facts).toEqual(first.facts);
      const reader = new Reader();
      const view = second.console('console0').attach(reader);
      await reader.until((text) => text === 'before ');
      view.send(bytes('after.'));
      expect(await second.ended).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('before after');
    }));

  it('whose guest powers off while there is no host leaves word of it, and nothing else', () =>
    withFolder(async (folder) => {
      const kind = processCells({ folder, outlive: true });
      const cell = await RemoteCell.create(await kind.launch({ name: 'lasting', limits: {} }), program('later'));
      await cell.start();
      cell.letGo();
      while (alive(cell.pid)) await sleep(20);
      expect(await kind.adopt?.()).toEqual([{ name: 'lasting', lastWord: { kind: 'power-off' } }]);
      expect(readdirSync(folder)).toEqual([]);
    }));

  it.each([
    ['thrower', 'VIV_CELL_EXCEPTION', 'a part threw in a timer'],
    ['leaver', 'VIV_CELL_DIED', 'code 3'],
    ['glutton', 'VIV_CELL_OUT_OF_MEMORY', 'memory'],
  ])('says of what it died: %s', async (name, code, message) => {
    await using cell = await createProcessCell(recipe(name), { limits: { heap: 64 } });
    const end = await cell.run();
    expect(end).toMatchObject({ kind: 'crashed', error: { code } });
    expect(JSON.stringify(end)).toContain(message);
  });
});
