import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirmwareToken } from '@vivarium/contracts';
import { parse } from '@vivarium/fdt';
import { describe, expect, it } from 'vitest';
import { type BareMachine, bareMachine, MIB, RAM } from './bare-machine.ts';

const raw = (length: number, fill: number) => ({ name: `raw-${fill}`, bytes: new Uint8Array(length).fill(fill) });

const boot = async (options: unknown): Promise<BareMachine> => {
  const machine = await bareMachine(options);
  await machine.under.part.wire?.();
  await machine.under.part.reset?.();
  return machine;
};

/** Links `tohost` into a program, as riscv-tests do. */
const programWithToHost = (): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'bare-'));
  try {
    writeFileSync(
      join(folder, 'a.s'),
      '.globl _start, tohost\n_start: j _start\n.data\n.balign 64\ntohost: .dword 0\n',
    );
    const args = ['-nostdlib', '-static', '-Wl,--nmagic,-Ttext=0x80000000,-Tdata=0x80002000', '-o', 'a.elf', 'a.s'];
    const result = spawnSync('riscv64-unknown-elf-gcc', args, { cwd: folder });
    if (result.status !== 0) {
      throw new Error('this test needs riscv64-unknown-elf-gcc (Debian: gcc-riscv64-unknown-elf)', {
        cause: result.error ?? result.stderr.toString(),
      });
    }
    return new Uint8Array(readFileSync(join(folder, 'a.elf')));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe('bare firmware', () => {
  it('starts every hart at the start of RAM with its id and the device tree', async () => {
    const bios = raw(1000, 0x13);
    const machine = await boot({ bios });
    const { layout } = machine.under.get(FirmwareToken);
    const argument = BigInt(layout?.deviceTree.base ?? 0);
    const a2 = machine.started.get(0)?.a2;
    expect([...machine.started]).toEqual([
      [0, { entry: BigInt(RAM), argument, a0: 0n, a2 }],
      [1, { entry: BigInt(RAM), argument, a0: 1n, a2 }],
    ]);
    const info = machine.under.memory.read(Number(a2), 48) ?? new Uint8Array(0);
    // Magic, version 2, nothing to start, S-mode.
    const fields = [...new BigUint64Array(info.slice().buffer)];
    expect(fields).toEqual([0x4942_534fn, 2n, 0n, 1n, 0n, 0n]);
    expect(machine.under.memory.read(RAM, 1000)).toEqual(bios.bytes);
    const blob = machine.under.memory.read(Number(argument), layout?.deviceTree.blob.length ?? 0);
    expect(parse(blob ?? new Uint8Array(0)).root.children.map(({ name }) => name)).toContain('soc');
  });

  it('hands a payload over as OpenSBI wants it: 2 MiB into RAM, described by a2', async () => {
    const kernel = raw(5000, 0x42);
    const initrd = raw(300, 0x24);
    const machine = await boot({ bios: raw(1000, 0x13), kernel, initrd, commandLine: 'quiet' });
    const { memory } = machine.under;
    expect(memory.read(RAM + 2 * MIB, 5000)).toEqual(kernel.bytes);
    const info = memory.read(Number(machine.started.get(1)?.a2), 48) ?? new Uint8Array(48);
    const view = new DataView(info.buffer);
    expect(new TextDecoder().decode(info.subarray(0, 8))).toBe('OSBI\0\0\0\0');
    expect([1, 2, 3, 4, 5].map((index) => view.getBigUint64(index * 8, true))).toEqual([
      2n,
      BigInt(RAM + 2 * MIB),
      1n,
      0n,
      0n,
    ]);
    const { layout } = machine.under.get(FirmwareToken);
    const disk = layout?.images.find(({ name }) => name === initrd.name);
    expect(memory.read(disk?.base ?? 0, 300)).toEqual(initrd.bytes);
  });

  it('puts a raw payload behind firmware that is larger than 2 MiB', async () => {
    const machine = await boot({ bios: raw(3 * MIB, 0x13), kernel: raw(16, 1) });
    expect(machine.under.memory.read(RAM + 4 * MIB, 1)).toEqual(new Uint8Array([1]));
  });

  it('loads everything again on reset', async () => {
    const machine = await boot({ bios: raw(1000, 0x13), kernel: raw(16, 1) });
    machine.under.memory.clear();
    await machine.under.part.reset?.();
    expect(machine.under.memory.read(RAM + 999, 1)).toEqual(new Uint8Array([0x13]));
    expect(machine.under.memory.read(RAM + 2 * MIB, 1)).toEqual(new Uint8Array([1]));
  });

  it.each([
    ['VIV_BARE_COMMAND_LINE', { bios: raw(8, 1), commandLine: 'x'.repeat(1024) }],
    ['VIV_BARE_COMMAND_LINE', { bios: raw(8, 1), commandLine: 'a\0' }],
    ['VIV_IMAGE_EMPTY', { bios: raw(0, 1) }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { bios: raw(17 * MIB, 1) }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { bios: raw(8, 1), kernel: raw(15 * MIB, 1) }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { bios: raw(8, 1), initrd: raw(15 * MIB, 1) }],
  ])('refuses with %s', async (code, options) => {
    await expect(boot(options)).rejects.toMatchObject({ code });
  });
});

describe('host-target interface', () => {
  const program = { name: 'test.elf', bytes: programWithToHost() };
  const TOHOST = 0x8000_2000;
  const run = async (...commands: readonly bigint[]): Promise<BareMachine> => {
    const machine = await boot({ bios: program });
    for (const command of commands) {
      const word = new Uint8Array(8);
      new DataView(word.buffer).setBigUint64(0, command, true);
      machine.under.memory.write(TOHOST, word);
      machine.under.clock.advance(2_000_000);
    }
    return machine;
  };

  it('ends the machine with the code of the program', async () => {
    expect((await run(1n)).requests).toEqual([{ kind: 'power-off' }]);
    expect((await run((1337n << 1n) | 1n)).requests).toEqual([{ kind: 'failure', code: 1337 }]);
  });

  it('prints characters and tells the program that it has taken them', async () => {
    const machine = await run(0x0101_0000_0000_0048n, 0x0101_0000_0000_0069n);
    expect(machine.output()).toBe('Hi');
    expect(machine.under.memory.read(TOHOST, 8)).toEqual(new Uint8Array(8));
    expect(machine.requests).toEqual([]);
  });

  it('warns once of calls that it does not serve', async () => {
    const machine = await run(0x8000_3000n, 0x8000_3000n);
    expect(machine.under.events.filter(({ name }) => name === 'log')).toHaveLength(1);
    expect(machine.requests).toEqual([]);
  });

  it('watches again after a reset', async () => {
    const machine = await run(1n);
    await machine.under.part.reset?.();
    machine.under.memory.write(TOHOST, new Uint8Array([3]));
    machine.under.clock.advance(2_000_000);
    expect(machine.requests).toEqual([{ kind: 'power-off' }, { kind: 'failure', code: 1 }]);
  });

  it('leaves programs without tohost alone', async () => {
    const machine = await boot({ bios: raw(8, 1) });
    expect(machine.under.clock.nextDeadline).toBeUndefined();
  });
});
