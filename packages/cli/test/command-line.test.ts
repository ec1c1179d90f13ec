import { isVivariumError } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, type RunRequest } from '../src/command-line.ts';
import { parseMemorySize } from '../src/arguments/memory-size.ts';

const run = (...args: string[]): RunRequest => {
  const request = parseCommandLine(['run', ...args]);
  if (request.action !== 'run') throw new Error(`parsed as ${request.action}`);
  return request;
};

const refusal = (...args: string[]): string => {
  try {
    return JSON.stringify(parseCommandLine(args));
  } catch (error) {
    return isVivariumError(error) ? `${error.code}: ${error.message}` : String(error);
  }
};

describe('the command line', () => {
  it('fills in defaults', () => {
    expect(run('debian')).toEqual({
      action: 'run',
      guest: 'debian',
      exec: undefined,
      cpus: 1,
      maxCpus: 1,
      threads: false,
      memory: 256 << 20,
      kernel: undefined,
      initrd: undefined,
      append: undefined,
      bios: undefined,
      root: undefined,
      disks: [],
      networks: [],
      shares: [],
      vsock: undefined,
      balloon: undefined,
      slots: 0,
      writable: [],
      rng: false,
      bus: 'mmio',
      interrupts: 'plic',
      plugins: [],
      clock: 'real',
      reboot: true,
      timeout: undefined,
      escape: 0x1d,
      trace: undefined,
      traceDevices: undefined,
      traceLimit: 10_000,
      traceRate: 1000,
      gdb: undefined,
      profile: undefined,
      stats: false,
      json: false,
      verbose: false,
    });
  });

  it('gives each of several vCPUs a thread, unless something needs all of them on one', () => {
    expect(run('debian', '--cpus', '2').threads).toBe(true);
    expect(run('debian', '--max-cpus', '2').threads).toBe(true);
    expect(run('debian', '--threads', 'on').threads).toBe(true);
    expect(run('debian', '--cpus', '2', '--threads', 'off').threads).toBe(false);
    for (const option of [['--clock', 'virtual'], ['--gdb', '1234'], ['--trace', '-'], ['--stats']]) {
      expect(run('debian', '--cpus', '2', ...option).threads, option[0]).toBe(false);
      expect(refusal('run', 'debian', '--threads', 'on', ...option)).toContain(
        'VIV_USAGE: --threads on does not go with',
      );
    }
    expect(refusal('profile', 'debian', '--threads', 'on')).toContain('viv profile');
    expect(refusal('run', 'debian', '--threads', 'maybe')).toContain('auto or on or off');
  });

  it('reads disks, and leaves commas in names alone', () => {
    const disks = ['a.img', 'b,c.img,ro', 'd.img,serial=root,ro', 'e,rot'].flatMap((disk) => ['--disk', disk]);
    expect(run('debian', ...disks, '--bus', 'pci')).toMatchObject({
      bus: 'pci',
      disks: [
        { path: 'a.img', readOnly: false, serial: undefined },
        { path: 'b,c.img', readOnly: true, serial: undefined },
        { path: 'd.img', readOnly: true, serial: 'root' },
        { path: 'e,rot', readOnly: false, serial: undefined },
      ],
    });
  });

  it('reads every option, in both spellings of a value', () => {
    const request = run(
      ...['debian', '--exec=--help me; echo $?', '--cpus=4', '--memory', '1G', '--append=a b', '--clock', 'virtual'],
      ...['--no-reboot', '--timeout', '1.5', '--escape', '^a', '--trace', '-', '--trace-limit', '7', '--json'],
    );
    expect(request).toMatchObject({
      exec: '--help me; echo $?',
      cpus: 4,
      memory: 2 ** 30,
      append: 'a b',
      clock: 'virtual',
      reboot: false,
      timeout: 1.5,
      escape: 1,
      trace: '-',
      traceLimit: 7,
      json: true,
    });
  });

  it('takes plugins with their options, as often as they come', () => {
    expect(run('debian', '--plugin', './a', '--plugin=@scope/b,size=4,name=x,on,list=[1,2]').plugins).toEqual([
      { specifier: './a', options: undefined },
      { specifier: '@scope/b', options: { size: 4, name: 'x', on: true, list: [1, 2] } },
    ]);
  });

  it('runs without a guest when there is a kernel or firmware', () => {
    expect(run('--kernel', 'Image').guest).toBeUndefined();
    expect(run('-', '--bios', 'fw.elf').bios).toBe('fw.elf');
  });

  it('knows help, version and disassembly', () => {
    expect(parseCommandLine(['--help'])).toEqual({ action: 'help' });
    expect(parseCommandLine(['run', '-h'])).toEqual({ action: 'help' });
    expect(parseCommandLine(['--version'])).toEqual({ action: 'version' });
    expect(parseCommandLine(['run', '--disasm', 'a.elf'])).toEqual({ action: 'disassemble', file: 'a.elf' });
    expect(parseCommandLine(['--disasm', 'a.elf'])).toEqual({ action: 'disassemble', file: 'a.elf' });
  });

  it.each([
    [[], 'no command'],
    [['fly'], "no command 'fly'"],
    [['run'], 'nothing to run'],
    [['run', 'plan9'], "no guest 'plan9'"],
    [['run', 'debian', 'uname'], "'uname' is one argument too many"],
    [['run', 'debian', '--frob'], '--frob'],
    [['run', 'debian', '--exec'], '--exec'],
    [['run', 'debian', '--exec', '-x'], 'write --option=VALUE'],
    [['run', 'debian', '--json=yes'], '--json'],
    [['run', 'debian', '--cpus', '0'], '--cpus'],
    [['run', 'debian', '--cpus', '1e3'], '--cpus'],
    [['run', 'debian', '--cpus', '9'], '--cpus'],
    [['run', 'debian', '--cpus', '2', '--max-cpus', '1'], '--max-cpus'],
    [['run', 'debian', '--max-cpus', '9'], '--max-cpus'],
    [['run', '--bios', 'x', '--max-cpus', '2'], '--max-cpus'],
    [['run', 'debian', '--memory', 'lots'], '--memory'],
    [['run', 'debian', '--memory', '0'], '--memory'],
    [['run', 'debian', '--timeout', '0'], '--timeout'],
    [['run', 'debian', '--timeout', '-1'], '--timeout'],
    [['run', 'debian', '--clock', 'sun'], '--clock'],
    [['run', 'debian', '--escape', 'x'], '--escape'],
    [['run', 'debian', '--bios', 'fw'], '--bios'],
    [['run', '--initrd', 'x', '--bios', 'y'], '--initrd'],
  ])('refuses %j', (args, reason) => {
    expect(refusal(...args)).toMatch(/^VIV_USAGE: /);
    expect(refusal(...args)).toContain(reason);
  });

  it('refuses --exec without a guest', () => {
    expect(refusal('run', '--kernel', 'x', '--exec', 'y')).toMatch(/^VIV_EXEC_GUEST: /);
  });
});

describe('a memory size', () => {
  it.each([
    ['256M', 256 * 2 ** 20],
    ['1G', 2 ** 30],
    ['2GiB', 2 ** 31],
    ['64k', 65536],
    ['4096', 4096],
    ['', undefined],
    ['1T', undefined],
    ['-1', undefined],
    ['0', undefined],
    ['1.5G', undefined],
    ['999999999999999G', undefined],
  ])('%s', (text, bytes) => {
    expect(parseMemorySize(text)).toBe(bytes);
  });
});
