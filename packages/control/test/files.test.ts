import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, MachineRecord } from '@vivarium/control';
import { auditFile, fileStore } from '@vivarium/control/node';
import { describe, expect, it } from 'vitest';

const withFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-control-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const record = (name: string, createdAt = 1): MachineRecord => ({
  version: 1,
  name,
  phase: 'present',
  description: { name, cell: 'process', recipe: { module: 'test:none', options: { deep: [1, { a: null }] } } },
  template: 'plain',
  desired: 'running',
  weight: 256,
  cap: null,
  restart: 'never',
  vcpus: 1,
  memory: 4096,
  past: { restarts: 2, restartedAt: [5, 6], createdAt, end: { kind: 'failure', code: 3 } },
});

const entry = (index: number): AuditEntry => ({
  time: new Date(index).toISOString(),
  principal: 'test',
  role: 'admin',
  via: 'process',
  operation: 'create',
  target: `machine-${index}`,
  input: '{}',
  outcome: 'done',
});

const fail = (name: string, error: unknown): never => {
  throw new Error(`${name}: ${String(error)}`);
};

describe('records in files', () => {
  it('come back as they were, oldest machine first, and can be read by their owner alone', () =>
    withFolder(async (folder) => {
      const store = await fileStore(join(folder, 'machines'));
      await store.save(record('b', 2));
      await store.save(record('a', 3));
      await store.save(record('c', 1));
      await store.save({ ...record('a', 3), desired: 'stopped' });
      await store.remove('b');
      const again = await fileStore(join(folder, 'machines'));
      expect(await again.load(fail)).toEqual([record('c', 1), { ...record('a', 3), desired: 'stopped' }]);
      expect((await stat(join(folder, 'machines'))).mode & 0o777).toBe(0o700);
      expect((await stat(join(folder, 'machines', 'a.json'))).mode & 0o777).toBe(0o600);
    }));

  it('that cannot be read are told, and keep no other from being read; half a write leaves the old record', () =>
    withFolder(async (folder) => {
      const store = await fileStore(folder);
      await store.save(record('good'));
      await writeFile(join(folder, 'good.json.new'), '{"version": 1, "na');
      await writeFile(join(folder, 'half.json'), '{"version": 1, "na');
      await writeFile(join(folder, 'odd.json'), JSON.stringify({ ...record('odd'), weight: -1 }));
      await writeFile(join(folder, 'liar.json'), JSON.stringify(record('other')));
      const bad: string[] = [];
      const loaded = await store.load((name) => bad.push(name));
      expect(loaded).toEqual([record('good')]);
      expect(bad).toEqual(['half', 'liar', 'odd']);
      expect(await readdir(folder)).not.toContain('good.json.new');
    }));

  it('that cannot be written say so', () =>
    withFolder(async (folder) => {
      const store = await fileStore(join(folder, 'machines'));
      await rm(join(folder, 'machines'), { recursive: true });
      await expect(store.save(record('a'))).rejects.toMatchObject({ code: 'VIV_CONTROL_STATE' });
      await writeFile(join(folder, 'file'), '');
      await expect(fileStore(join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'VIV_CONTROL_STATE' });
    }));
});

describe('an audit log in files', () => {
  it('is bounded by rotation, keeps the newest, and goes on where another process ended', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'audit.jsonl');
      const options = { bytes: 1000, files: 3 };
      const log = await auditFile(path, options);
      for (let index = 0; index < 100; index++) log.write(entry(index));
      const next = await auditFile(path, options);
      next.write(entry(100));
      expect((await readdir(folder)).sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
      for (const file of await readdir(folder)) expect((await stat(join(folder, file))).size).toBeLessThanOrEqual(1000);
      expect(await next.last(5)).toEqual([96, 97, 98, 99, 100].map(entry));
      const all = await next.last(1000);
      expect(all.length).toBeGreaterThan(10);
      expect(all).toEqual(Array.from({ length: all.length }, (_, index) => entry(101 - all.length + index)));
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }));

  it('outlives a line that was cut short', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'audit.jsonl');
      (await auditFile(path)).write(entry(1));
      await appendFile(path, '{"time":"19');
      const log = await auditFile(path);
      log.write(entry(2));
      expect(await log.last(10)).toEqual([entry(1), entry(2)]);
      expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4);
    }));

  it('that cannot be written says so, and does not throw', () =>
    withFolder(async (folder) => {
      const troubles: unknown[] = [];
      const log = await auditFile(join(folder, 'audit', 'log'), { onTrouble: (error) => troubles.push(error) });
      await rm(join(folder, 'audit'), { recursive: true });
      log.write(entry(1));
      expect(troubles).toHaveLength(1);
      expect(await log.last(10)).toEqual([]);
    }));
});
