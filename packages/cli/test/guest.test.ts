import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { programs } from './support/programs.ts';
import { codeIn, finished, Scratch, start, viv } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const bios = (name: string, bytes: Uint8Array): string[] => ['run', '--bios', scratch.put(`${name}.bin`, bytes)];

describe('a guest that ends well', () => {
  it('gives its output on stdout, nothing on stderr, and 0', async () => {
    const result = await viv(...bios('hello', programs.hello()));
    expect(result).toEqual({ code: 0, signal: null, stdout: 'hello\n', stderr: '' });
  });

  it('is told about in JSON, with its console on stderr', async () => {
    const { stdout, stderr } = await viv(...bios('hello', programs.hello()), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 0,
      outcome: { kind: 'power-off' },
      boot: { entry: 0x8000_0000 },
    });
    expect(stderr).toBe('hello\n');
  });

  it('gets piped input, and goes on after its end', async () => {
    const child = start(...bios('echo', programs.echo()));
    child.stdin?.end('abc.');
    expect(await finished(child)).toMatchObject({ code: 0, stdout: 'ready\nabc' });
  });

  it('is woken from sleep by input', async () => {
    const child = start(...bios('sleeper', programs.sleepUntilInput()));
    const ended = finished(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.stdin?.end('x');
    expect(await ended).toMatchObject({ code: 0, stdout: 'asleep\n' });
  });

  it('ends with its reboot when asked to', async () => {
    const { code, stdout } = await viv(...bios('reboot', programs.reboot()), '--no-reboot');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'boot\n' });
  });
});

describe('a guest that ends badly', () => {
  it.each([
    ['failure code 7', programs.failure(7), 'VIV_GUEST_FAILURE', 7],
    ['failure code 300', programs.failure(300), 'VIV_GUEST_FAILURE', 255],
    ['WFI with interrupts off', programs.sleepForever(), 'GUEST_WAITS_FOREVER', 70],
    ['a jump to itself', programs.selfJump(), 'GUEST_SPINS_FOREVER', 70],
    ['no trap handler', programs.trapLoop(), 'GUEST_TRAP_LOOP', 70],
    ['wild page tables', programs.wildPageTables(), 'GUEST_TRAP_LOOP', 70],
    ['execution from MMIO', programs.executeDevice(), 'GUEST_TRAP_LOOP', 70],
  ])('%s', async (_what, program, code, exit) => {
    const result = await viv(...bios('bad', program));
    expect({ code: codeIn(result.stderr), exit: result.code, stdout: result.stdout }).toEqual({
      code,
      exit,
      stdout: '',
    });
    const { stdout } = await viv(...bios('bad', program), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: exit, error: { code } });
  });

  it('is stopped by --timeout', async () => {
    const result = await viv(...bios('echo', programs.echo()), '--timeout', '1');
    expect({ code: codeIn(result.stderr), exit: result.code }).toEqual({ code: 'VIV_TIMEOUT', exit: 124 });
  });

  it('is stopped by a signal', async () => {
    const child = start(...bios('echo', programs.echo()));
    const ended = finished(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143, signal: null });
  });
});

describe('a console flood', () => {
  it.each([
    ['that waits for the transmitter', programs.flood()],
    ['that does not', programs.rudeFlood()],
  ])('%s costs the guest time, not the host memory, when nobody reads', async (_what, program) => {
    const child = start(...bios('flood', program));
    const ended = finished(child);
    if (child.stdout === null) throw new Error('no pipe');
    await once(child.stdout, 'data');
    child.stdout.pause();
    const resident = (): number =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
    // The engine warms up and collects garbage in its own time; what is queued without a bound would never stop growing.
    const growth = async (): Promise<number> => {
      const before = resident();
      await delay(2000);
      return resident() - before;
    };
    await expect.poll(growth, { timeout: 50_000 }).toBeLessThan(2 << 20);
    child.kill('SIGTERM');
    child.stdout.resume();
    expect((await ended).code).toBe(143);
  });

  it('ends quietly when its reader goes away', async () => {
    const child = start(...bios('flood', programs.flood()));
    const ended = finished(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 141, stderr: '' });
  });
});

describe('the virtual clock', () => {
  it('gives the same state each time', async () => {
    const run = async (): Promise<unknown> => {
      const { stdout } = await viv(...bios('counter', programs.counter()), '--clock', 'virtual', '--json');
      const { stateHash, stats } = JSON.parse(stdout) as { stateHash: string; stats: { instructions: number } };
      return { stateHash, instructions: stats.instructions };
    };
    const first = await run();
    expect(first).toMatchObject({ stateHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(await run()).toEqual(first);
  });
});

describe('debugging', () => {
  it('traces instructions and what they change, up to a limit', async () => {
    const args = [...bios('counter', programs.counter()), '--trace', '-', '--trace-limit', '4'];
    const { stderr, code } = await viv(...args);
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^0 M 0000000080000000 {2}\w+ +li s0,0$/);
    expect(lines[2]).toMatch(/x9=0x/);
  });

  it('disassembles raw code, and stops when nobody reads on', async () => {
    const file = scratch.put('hello.bin', programs.hello());
    const { stdout, code } = await viv('run', '--disasm', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0{16} {2}/);
    const child = start('--disasm', scratch.put('nops.bin', new Uint8Array(4 << 20).fill(0x01)));
    const ended = finished(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 141, stderr: '' });
  });

  it('refuses to disassemble nothing', async () => {
    const { stderr, code } = await viv('run', '--disasm', scratch.put('one', new Uint8Array([1])));
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_DISASSEMBLE' });
  });
});
