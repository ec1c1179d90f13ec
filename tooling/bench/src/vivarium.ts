import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunDevices } from './devices.ts';
import type { BenchGuest } from './guest.ts';
import type { JobTime } from './marks.ts';
import type { MachineRun } from './vivarium-machine.ts';

const PROCESS = fileURLToPath(new URL('./vivarium-process.ts', import.meta.url));

export interface VivariumRun {
  readonly times: readonly JobTime[];
  /** Largest resident set of the process in bytes. */
  readonly memory: number;
  /** What the queue of the disk did, all jobs together. */
  readonly queue?: { readonly notifications: number; readonly requests: number; readonly interrupts: number };
}

export interface VivariumOptions {
  /** Leaves the translator out. */
  readonly interpret?: boolean;
  readonly devices?: RunDevices;
}

/** Boots the guest in Vivarium and times its jobs. */
export const runVivarium = (
  guest: BenchGuest,
  jobs: readonly string[],
  { interpret = false, devices = {} }: VivariumOptions = {},
): Promise<VivariumRun> =>
  new Promise((resolve, reject) => {
    const run: MachineRun = {
      kernel: guest.kernel,
      initrd: guest.initrd,
      commandLine: guest.commandLine(jobs, devices.port),
      translate: !interpret,
      devices,
    };
    const child = spawn(process.execPath, ['--conditions=@vivarium/source', PROCESS, JSON.stringify(run)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as VivariumRun);
      else reject(new Error(`Vivarium ended with code ${code}`));
    });
  });
