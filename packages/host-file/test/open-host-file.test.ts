import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHostFile } from '../src/node.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-file-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('a file of the host', () => {
  it('is written and read at any place, grows, and is cut', () => {
    const path = put('grow', Buffer.from('0123456789'));
    const file = openHostFile(path);
    expect(file.size).toBe(10);
    file.write(8, Buffer.from('abc'));
    expect(file.size).toBe(11);
    file.write(20, Buffer.from('z'));
    file.truncate(21);
    const into = new Uint8Array(30).fill(1);
    expect(file.read(0, into)).toBe(21);
    expect(Buffer.from(into).subarray(0, 21).toString('latin1')).toBe(`01234567abc${'\0'.repeat(9)}z`);
    file.sync();
    file.truncate(3);
    expect(file.size).toBe(3);
    file.close();
    file.close();
    expect(readFileSync(path, 'latin1')).toBe('012');
    expect(() => file.read(0, into)).toThrow('EBADF');
    expect(() => file.sync()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('is durable after each write in a process that may not sync', () => {
    const path = put('durable', Buffer.from('0123'));
    const script = `
      import { openHostFile } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
      const path = ${JSON.stringify(path)};
      for (const readOnly of [true, false]) {
        const file = openHostFile(path, { readOnly, lock: false });
        if (!readOnly) file.write(0, Buffer.from('x'));
        file.sync();
      }
    `;
    const words = ['--conditions=@vivarium/source', '--permission', '--allow-fs-read=*', `--allow-fs-write=${folder}`];
    execFileSync(process.execPath, [...words, '--input-type=module', '-e', script]);
    expect(readFileSync(path, 'latin1')).toBe('x123');
  });

  it('moves thousands of buffers in order, and ends short where the file ends', () => {
    const file = openHostFile(join(folder, 'many'), { create: true });
    const pieces = Array.from({ length: 3000 }, (_, index) => new Uint8Array(index % 7).fill(index % 251));
    const all = Buffer.concat(pieces);
    file.writev?.(5, pieces);
    expect(file.size).toBe(5 + all.length);
    const back = pieces.map((piece) => new Uint8Array(piece.length));
    expect(file.readv?.(5, back)).toBe(all.length);
    expect(Buffer.concat(back).equals(all)).toBe(true);
    expect(file.readv?.(6, back)).toBe(all.length - 1);
    expect(Buffer.concat(back).subarray(0, -1).equals(all.subarray(1))).toBe(true);
    expect(file.readv?.(1_000_000, back)).toBe(0);
    file.close();
  });

  it('is neither made nor changed when it is only read', () => {
    const path = put('read-only', Buffer.from('x'));
    const file = openHostFile(path, { readOnly: true });
    expect(file.readOnly).toBe(true);
    expect(() => file.write(0, Buffer.from('y'))).toThrow(expect.objectContaining({ code: 'EBADF' }));
    file.close();
    expect(readFileSync(path, 'latin1')).toBe('x');
  });

  it('moves bytes of shared memory, which guest RAM may be', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(16));
    const file = openHostFile(put('shared', Buffer.from('0123456789abcdef')));
    file.read(0, shared.subarray(4, 8));
    file.readv?.(8, [shared.subarray(0, 2), shared.subarray(14)]);
    file.write(0, shared);
    file.close();
    expect(readFileSync(join(folder, 'shared'), 'latin1')).toBe(`89\0\x000123${'\0'.repeat(6)}ab`);
  });

  it.each([
    ['is missing', 'VIV_HOST_FILE_MISSING', () => openHostFile(join(folder, 'nowhere'))],
    ['has no folder', 'VIV_HOST_FILE_MISSING', () => openHostFile(join(folder, 'no', 'where'), { create: true })],
    ['lies below a file', 'VIV_HOST_FILE_MISSING', () => openHostFile(join(put('plain', Buffer.of()), 'x'))],
    ['is a directory', 'VIV_HOST_FILE_KIND', () => openHostFile(folder)],
    ['is a device', 'VIV_HOST_FILE_KIND', () => openHostFile('/dev/null', { readOnly: true })],
    ['is there already', 'VIV_HOST_FILE_EXISTS', () => openHostFile(put('there', Buffer.of()), { create: true })],
    [
      'is a link in a circle',
      'VIV_HOST_FILE_OPEN',
      () => {
        const loop = join(folder, 'loop');
        symlinkSync(loop, loop);
        return openHostFile(loop);
      },
    ],
  ])('that %s is refused with a code and its path', (_what, code, open) => {
    expect(open).toThrow(expect.objectContaining({ code, details: { path: expect.any(String) as unknown } }));
  });

  it('that is a pipe is refused at once, without waiting for its other end', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => openHostFile(pipe, { readOnly: true })).toThrow(
      expect.objectContaining({ code: 'VIV_HOST_FILE_KIND' }),
    );
  });

  it('that the user may not write to is refused, unless it is only read', () => {
    const path = join(folder, 'protected');
    writeFileSync(path, 'x', { mode: 0o444 });
    execFileSync('chmod', ['755', folder]);
    // Root may do anything, so the process becomes somebody else first.
    const script = `
      import { openHostFile } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
      if (process.getuid() === 0) process.seteuid(65534);
      const codes = [];
      for (const readOnly of [false, true]) {
        try {
          openHostFile(${JSON.stringify(path)}, { readOnly }).close();
          codes.push('opened');
        } catch (error) {
          codes.push(error.code);
        }
      }
      console.log(codes.join());
    `;
    const said = execFileSync(
      process.execPath,
      ['--conditions=@vivarium/source', '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    expect(said.trim()).toBe('VIV_HOST_FILE_PERMISSION,opened');
    expect(statSync(path).size).toBe(1);
  });
});
