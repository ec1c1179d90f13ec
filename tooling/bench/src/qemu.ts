import { spawn } from 'node:child_process';
import type { BenchGuest } from './guest.ts';
import { type JobTime, jobTimes, MarkReader } from './marks.ts';

/** Boots the guest in `qemu-system-riscv64` and times its jobs. */
export const runQemu = (guest: BenchGuest, jobs: readonly string[], disk?: string): Promise<readonly JobTime[]> =>
  new Promise((resolve, reject) => {
    const reader = new MarkReader();
    const start = performance.now();
    const files = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', guest.commandLine(jobs)];
    const devices =
      disk === undefined
        ? []
        : [
            ...['-global', 'virtio-mmio.force-legacy=false', '-device', 'virtio-blk-device,drive=disk'],
            ...['-drive', `file=${disk},format=raw,if=none,id=disk`],
          ];
    const child = spawn('qemu-system-riscv64', ['-M', 'virt', '-m', '256', '-nographic', ...devices, ...files], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.on('error', (cause) =>
      reject(new Error('the yardstick is qemu-system-riscv64 (Debian: qemu-system-misc)', { cause })),
    );
    child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    child.on('close', (code) => {
      if (code === 0) resolve(jobTimes(reader.marks, start));
      else reject(new Error(`qemu-system-riscv64 ended with code ${code}`));
    });
  });
