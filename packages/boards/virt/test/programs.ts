import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootImage } from '@vivarium/contracts';

const inFolder = <Result>(act: (folder: string) => Result): Result => {
  const folder = mkdtempSync(join(tmpdir(), 'board-virt-'));
  try {
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const run = (command: string, args: readonly string[], folder: string, debianPackage: string): void => {
  const result = spawnSync(command, args, { cwd: folder, input: '', timeout: 30_000 });
  if (result.status !== 0) {
    throw new Error(`this test needs ${command} (Debian: ${debianPackage})`, {
      cause: result.error ?? result.stderr.toString(),
    });
  }
};

/** Assembles a program that lies at `base`. */
export const assembleProgram = (source: string, base: number): BootImage =>
  inFolder((folder) => {
    writeFileSync(join(folder, 'a.S'), source);
    const text = `-Wl,--nmagic,-Ttext=0x${base.toString(16)}`;
    const args = ['-nostdlib', '-static', '-march=rv64imac_zicsr', '-mabi=lp64', text, '-o', 'a.elf', 'a.S'];
    run('riscv64-unknown-elf-gcc', args, folder, 'gcc-riscv64-unknown-elf');
    return { name: 'a.elf', bytes: new Uint8Array(readFileSync(join(folder, 'a.elf'))) };
  });

/** The device tree of QEMU's `virt` machine. */
export const qemuDeviceTree = (cpus: number, mebibytes: number, aia = 'none'): Uint8Array =>
  inFolder((folder) => {
    const args = ['-M', `virt,aia=${aia},dumpdtb=virt.dtb`, '-smp', `${cpus}`, '-m', `${mebibytes}`, '-nographic'];
    run('qemu-system-riscv64', args, folder, 'qemu-system-misc');
    return new Uint8Array(readFileSync(join(folder, 'virt.dtb')));
  });
