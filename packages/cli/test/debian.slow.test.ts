import { describe, expect, it } from 'vitest';
import { onTerminal } from './support/pty.ts';
import { viv, VIV } from './support/viv.ts';

const exec = (command: string, ...more: string[]) =>
  viv('run', 'debian', '--timeout', '300', ...more, `--exec=${command}`);

describe('viv run debian --exec', () => {
  it('prints the command’s output alone and exits with 0', async () => {
    expect(await exec('uname -m')).toMatchObject({ code: 0, stdout: 'riscv64\n' });
  });

  it('exits with the command’s code, its two streams apart', async () => {
    const { code, stdout, stderr } = await exec('echo out; echo err >&2; exit 7');
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'out\n' });
    expect(stderr.endsWith('err\n')).toBe(true);
  });

  it('loses nothing of much output', async () => {
    const { stdout, code } = await exec('seq 1 60000');
    expect(code).toBe(0);
    expect(stdout).toBe(Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join(''));
  });

  it('runs on four vCPUs in parallel, of which one is taken out and put back', async () => {
    const online = '/sys/devices/system/cpu/cpu2/online';
    const command = `nproc; echo 0 > ${online}; nproc; echo 1 > ${online}; nproc`;
    expect(await exec(command, '--cpus', '4')).toMatchObject({ code: 0, stdout: '4\n3\n4\n' });
  });

  it('runs on two vCPUs that take turns', async () => {
    expect(await exec('nproc', '--cpus', '2', '--threads', 'off')).toMatchObject({ code: 0, stdout: '2\n' });
  });

  it('shows the end of the console when the guest ends before the command does', async () => {
    const { code, stdout, stderr } = await exec('echo o > /proc/sysrq-trigger; sleep 60');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain("viv: the end of the guest's console:");
    expect(stderr).toContain('viv: VIV_EXEC_UNFINISHED: ');
  });

  it('repeats exactly with the virtual clock', async () => {
    const run = async () =>
      JSON.parse((await exec('date; sleep 1; uname -m', '--clock', 'virtual', '--json')).stdout) as Record<
        string,
        unknown
      >;
    const first = await run();
    const second = await run();
    expect(first['stateHash']).toMatch(/^[0-9a-f]{64}$/);
    expect(second['stateHash']).toBe(first['stateHash']);
    expect(second['exec']).toEqual(first['exec']);
  });
});

describe('viv run debian', () => {
  it('is a shell: size, resize, Ctrl-C, and the way out', async () => {
    const { code, output, modesBefore, modesAfter } = await onTerminal(
      [...VIV, 'run', 'debian'],
      [
        { expect: 'vivarium:~' },
        { send: 'stty size\r' },
        { expect: '24 80' },
        { resize: [132, 43] },
        { expect: 'vivarium:~' },
        { send: 'sleep 1; stty size\r' },
        { expect: '43 132' },
        { expect: 'vivarium:~' },
        // The text comes from the program that is to be interrupted, not from the echo of what is typed.
        { send: 'sh -c \'echo star""ted; exec sleep 1000\'\r' },
        { expect: 'started' },
        { send: '\u0003' },
        { expect: 'vivarium:~' },
        { send: 'exit\r' },
      ],
      300,
    );
    expect(code).toBe(0);
    expect(modesAfter).toBe(modesBefore);
    expect(output).toContain('Debian');
  });
});
