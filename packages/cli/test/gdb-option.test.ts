import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command-line.ts';
import { parseGdbAddress } from '../src/arguments/gdb-address.ts';
import { programs } from './support/programs.ts';
import { codeIn, finished, Scratch, start, viv } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

describe('--gdb', () => {
  it.each([
    ['1234', '127.0.0.1', 1234],
    [':1234', '127.0.0.1', 1234],
    ['0', '127.0.0.1', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['0.0.0.0:22', '0.0.0.0', 22],
    ['[::1]:1234', '::1', 1234],
  ])('%s', (text, host, port) => {
    expect(parseGdbAddress(text)).toEqual({ host, port });
    expect(parseCommandLine(['run', 'debian', '--gdb', text, '--gdb-wait'])).toMatchObject({
      gdb: { host, port, wait: true },
    });
  });

  it.each(['', 'x', '65536', '-1', '::1:1234', '[::1]', '[]:1', 'a b:1', '1234:', '1.5'])('not %s', (text) => {
    expect(parseGdbAddress(text)).toBeUndefined();
    expect(() => parseCommandLine(['run', 'debian', `--gdb=${text}`])).toThrow(/--gdb/);
  });

  it('goes with --gdb-wait, not the other way round', () => {
    expect(() => parseCommandLine(['run', 'debian', '--gdb-wait'])).toThrow(/--gdb-wait goes with --gdb/);
    expect(parseCommandLine(['run', 'debian', '--gdb', '1'])).toMatchObject({ gdb: { wait: false } });
    expect(parseCommandLine(['run', 'debian'])).toMatchObject({ gdb: undefined });
  });

  it('of an address that cannot be listened on is an error', async () => {
    const file = scratch.put('hello', programs.hello());
    const { code, stderr } = await viv('run', '--bios', file, '--gdb', '192.0.2.1:1');
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_GDB_LISTEN' });
  });

  it('does not keep a machine that ends, nor a process with a debugger that says nothing', async () => {
    const file = scratch.put('hello', programs.hello());
    const { code, stdout } = await viv('run', '--bios', file, '--gdb', '0');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
    const child = start(
      'run',
      '--bios',
      scratch.put('sleep', programs.sleepUntilInput()),
      '--gdb',
      '0',
      '--timeout',
      '3',
    );
    let stderr = '';
    const port = await new Promise<number>((resolve) => {
      child.stderr?.on('data', (piece: Buffer) => {
        stderr += piece.toString();
        const found = /target remote 127\.0\.0\.1:(\d+)/.exec(stderr)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    expect(await finished(child)).toMatchObject({ code: 124 });
    socket.destroy();
  });

  it('waits for the debugger before the first instruction', async () => {
    const file = scratch.put('hello', programs.hello());
    const { code, stdout, stderr } = await viv('run', '--bios', file, '--gdb', '0', '--gdb-wait', '--timeout', '1');
    expect({ code, stdout }).toEqual({ code: 124, stdout: '' });
    expect(stderr).toContain('the guest waits for it');
  });
});

describe('--trace-devices', () => {
  it('writes what a guest does with its devices', async () => {
    const file = scratch.put('failure', programs.failure(9));
    const { code, stderr } = await viv('run', '--bios', file, '--trace-devices', '-');
    expect(code).toBe(9);
    expect(stderr).toMatch(/^0\.\d{9} syscon registers\+0x0 write 4 0x93333$/m);
  });

  it('to a file that cannot be written is an error', async () => {
    const file = scratch.put('hello', programs.hello());
    const { code, stderr } = await viv('run', '--bios', file, '--trace-devices', '/nowhere/trace');
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_FILE_UNWRITABLE' });
  });
});
