import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { onTerminal, type PtyStep } from './support/pty.ts';
import { VIV } from './support/viv.ts';

const QUIT: PtyStep = { send: '\u001dq' };
const OPENSBI = '/usr/lib/riscv64-linux-gnu/opensbi/generic';
const UBOOT = '/usr/lib/u-boot';

const installed = (path: string): string => {
  if (!existsSync(path)) throw new Error(`these tests need ${path} (Debian: opensbi, u-boot-qemu)`);
  return path;
};

const onBoard = (args: readonly string[], steps: readonly PtyStep[]) =>
  onTerminal([...VIV, 'run', ...args], [...steps, QUIT], 120);

describe("Debian's OpenSBI", () => {
  it.each(['fw_jump.bin', 'fw_jump.elf', 'fw_dynamic.bin', 'fw_dynamic.elf'])(
    'prints its banner and platform as %s',
    async (name) => {
      const { code, output } = await onBoard(
        ['--bios', installed(`${OPENSBI}/${name}`)],
        [{ expect: 'OpenSBI v' }, { expect: 'Boot HART MEDELEG' }],
      );
      expect(code).toBe(0);
      expect(output).toMatch(/Platform Name +: vivarium,virt/);
      expect(output).toMatch(/Platform IPI Device +: aclint-mswi/);
      expect(output).toMatch(/Platform Timer Device +: aclint-mtimer @ 10000000Hz/);
      expect(output).toMatch(/Platform Console Device +: uart8250/);
      expect(output).toMatch(/Platform (Shutdown|Reboot) Device +: sifive_test/);
    },
  );

  it.each(['fw_jump.elf', 'fw_dynamic.bin'])('starts U-Boot in S-mode as %s', async (name) => {
    const kernel = installed(`${UBOOT}/qemu-riscv64_smode/u-boot.bin`);
    const { code } = await onBoard(
      ['--bios', installed(`${OPENSBI}/${name}`), '--kernel', kernel],
      [
        { expect: 'Boot HART MEDELEG' },
        { expect: 'U-Boot 20' },
        { expect: 'Hit any key' },
        { send: ' ' },
        { expect: '=> ' },
      ],
    );
    expect(code).toBe(0);
  });
});

describe("Debian's U-Boot", () => {
  it('reaches its prompt in M-mode, obeys, and resets the board', async () => {
    const { code, output } = await onBoard(
      ['--bios', installed(`${UBOOT}/qemu-riscv64/u-boot.bin`), '--memory', '512M'],
      [
        ...[{ expect: 'Hit any key' }, { send: ' ' }, { expect: '=> ' }],
        ...[{ send: 'echo $((6 * 7)); bdinfo\r' }, { expect: '0x20000000' }, { expect: '=> ' }],
        ...[{ send: 'reset\r' }, { expect: 'U-Boot 20' }, { expect: 'Hit any key' }],
      ],
    );
    expect(code).toBe(0);
    expect(output).toContain('DRAM:  512 MiB');
  });
});
