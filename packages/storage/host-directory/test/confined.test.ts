import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

describe("a directory under Node's permission model", () => {
  it('is written to, synced and changed, and says what it cannot do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vivarium-confined-'));
    try {
      const script = `
        import { openHostDirectory } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
        const tree = openHostDirectory(${JSON.stringify(folder)});
        tree.makeDirectory(tree.root, 'sub', 0o755);
        const file = tree.makeFile(tree.root, 'file', 0o644);
        tree.write(file, 0, [Buffer.from('bytes')]);
        tree.sync(file, false);
        tree.close(file);
        tree.rename(tree.root, 'file', tree.root, 'other');
        const anchor = tree.anchor(tree.root, 'other');
        tree.setMode(anchor, 0o600);
        tree.setTimes(anchor, 1000000000n, 2000000000n);
        tree.close(tree.open(anchor, 'write'));
        const faults = [
          () => tree.syncDirectory(tree.root),
          () => tree.makeSymbolicLink(tree.root, 'link', 'other'),
        ].map((act) => { try { act(); return 'none'; } catch (error) { return error.code; } });
        console.log(faults.join());
      `;
      const words = [
        '--conditions=@vivarium/source',
        '--permission',
        '--allow-fs-read=*',
        `--allow-fs-write=${folder}`,
      ];
      const faults = execFileSync(process.execPath, [...words, '--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(faults.trim()).toBe('EINVAL,EPERM');
      expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('bytes');
      const { mode, mtimeMs } = statSync(join(folder, 'other'));
      expect([mode & 0o777, mtimeMs]).toEqual([0o600, 2000]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
