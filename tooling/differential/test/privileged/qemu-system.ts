import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, type DirectedProgram, type Outcome, parseRecords, QEMU_ENDING } from './directed-program.ts';

/** With all extensions QEMU 7.2 no longer checks the reserved bits of page-table entries; `strict` leaves two out. */
export type WitnessModel = 'full' | 'strict';
const CPU: Readonly<Record<WitnessModel, string>> = {
  full: 'rv64,svnapot=true,svpbmt=true,svinval=true,sstc=true',
  strict: 'rv64,svnapot=false,svpbmt=false,svinval=true,sstc=true',
};

/** Runs a program on qemu-system-riscv64 (board `virt`, no firmware) and returns its records. */
export const runOnQemu = (program: DirectedProgram, model: WitnessModel): readonly Outcome[] => {
  const folder = mkdtempSync(join(tmpdir(), 'directed-'));
  const image = join(folder, 'image');
  const machine = ['-machine', 'virt', '-cpu', CPU[model], '-m', '64M', '-bios', 'none'];
  const io = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
  try {
    writeFileSync(image, buildImage(program, QEMU_ENDING).bytes);
    const loader = ['-device', `loader,file=${image},addr=0x80000000,force-raw=on`];
    const output = execFileSync('qemu-system-riscv64', [...machine, ...io, ...loader], {
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return parseRecords(output);
  } catch (cause) {
    throw new Error('qemu-system-riscv64 (package qemu-system-misc) did not run the program to its end', { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
