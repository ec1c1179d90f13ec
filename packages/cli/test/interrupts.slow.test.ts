import { existsSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDebian } from '@vivarium/guest-debian';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onTerminal } from './support/pty.ts';
import { VIV, viv } from './support/viv.ts';

const MIB = 1024 * 1024;
const OPENSBI = '/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin';

/** Writes so much to the disk that it interrupts, and shows what the kernel counted and said. */
const COMMAND = `dd if=/dev/urandom of=/dev/vda bs=64k count=32 2>/dev/null && sync
echo 3 >/proc/sys/vm/drop_caches && md5sum </dev/vda >/dev/null && cat /proc/interrupts && dmesg | grep -E 'riscv-(intc|imsic|aplic)'`;

let folder = '';
let image = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viv-interrupts-'));
  image = join(folder, 'disk.img');
  await writeFile(image, '');
  await truncate(image, 4 * MIB);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Interrupts of a line of /proc/interrupts, over all harts. */
const count = (output: string, name: RegExp): number | undefined => {
  const line = output.split('\n').find((each) => name.test(each));
  return line
    ?.trim()
    .split(/\s+/)
    .slice(1)
    .flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []))
    .reduce((sum, each) => sum + each, 0);
};

const debian = async (...options: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await viv(
    ...['run', 'debian', '--timeout', '300', '--disk', image, ...options, `--exec=${COMMAND}`],
  );
  if (code !== 0) throw new Error(`the guest ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
};

describe('Debian with an APLIC and an IMSIC', () => {
  it('takes interrupts of a PCI disk as messages, and those of serial ports through the APLIC', async () => {
    const output = await debian('--interrupts', 'aia', '--bus', 'pci', '--cpus', '4');
    expect(count(output, /PCI-MSIX.* virtio0-req\.0$/)).toBeGreaterThan(5);
    expect(count(output, /APLIC-MSI-d000000.* ttyS0$/)).toBeGreaterThan(0);
    expect(output).not.toMatch(/PLIC.* virtio0$/m);
    expect(count(output, /^ *IPI1:/)).toBeGreaterThan(0);
    expect(output).toContain('64 local interrupts mapped using AIA');
    expect(output).toMatch(/riscv-imsic: .*@28000000: providing IPIs using interrupt 1/);
    expect(output).toMatch(/riscv-imsic: .*per-CPU IDs 255 at base address/);
    expect(output).toMatch(/riscv-aplic d000000.* 96 interrupts forwarded to MSI base/);
  });

  it('takes interrupts of a disk on the MMIO bus through the APLIC', async () => {
    const output = await debian('--interrupts', 'aia');
    expect(count(output, /APLIC-MSI-d000000.* virtio0$/)).toBeGreaterThan(5);
  });
});

describe('Debian with an APLIC alone', () => {
  it('takes all interrupts through it, by wires', async () => {
    const output = await debian('--interrupts', 'aplic', '--bus', 'pci', '--cpus', '2');
    expect(count(output, /APLIC-DIRECT.* virtio0$/)).toBeGreaterThan(5);
    expect(count(output, /APLIC-DIRECT.* ttyS0$/)).toBeGreaterThan(0);
    expect(output).toMatch(/riscv-aplic d000000.* 96 interrupts directly connected to 2 CPUs/);
  });
});

describe("Debian's OpenSBI", () => {
  it.each([
    ['aia', 'aia-imsic', /PCI-MSIX.* virtio0-req\.0/],
    ['aplic', 'aclint-mswi', /APLIC-DIRECT.* virtio0/],
  ])('delegates interrupts to Debian with %s', async (interrupts, device, disk) => {
    if (!existsSync(OPENSBI)) throw new Error(`this test needs ${OPENSBI} (Debian: opensbi)`);
    const { kernel, initrd } = await prepareDebian();
    const boot = ['--bios', OPENSBI, '--kernel', kernel, '--initrd', initrd, '--append', 'console=ttyS0'];
    const machine = ['--memory', '512M', '--cpus', '2', '--interrupts', interrupts, '--bus', 'pci', '--disk', image];
    const { code, output } = await onTerminal(
      [...VIV, 'run', ...boot, ...machine],
      [
        { expect: 'root@vivarium' },
        { send: 'cat /dev/vda >/dev/null; cat /proc/interrupts; echo $((6 * 7))-times\r' },
        { expect: '42-times' },
        { send: '\u001dq' },
      ],
      300,
    );
    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`Platform IPI Device +: ${device}`));
    expect(count(output.replaceAll('\r', ''), disk)).toBeGreaterThan(0);
  });
});
