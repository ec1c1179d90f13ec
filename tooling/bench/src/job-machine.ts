import { virtBoard } from '@vivarium/board-virt';
import { type BootImage, CharPortToken, CpuCoreToken } from '@vivarium/contracts';
import { createInlineCell } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { type JobTime, jobTimes, MarkReader } from './marks.ts';

const MEMORY = 256 * 1024 * 1024;

/** A run of the guest, wherever JavaScript runs. */
export interface JobRun {
  readonly kernel: BootImage;
  readonly initrd: BootImage;
  readonly commandLine: string;
  readonly translate: boolean;
  /** When the boot began, by `performance.now()`. */
  readonly start: number;
}

/** Runs the guest to its end; gives how long its jobs took. */
export const runJobs = async ({
  kernel,
  initrd,
  commandLine,
  translate,
  start,
}: JobRun): Promise<readonly JobTime[]> => {
  const boot = { kind: 'kernel', kernel, initrd, commandLine } as const;
  await using machine = await assemble(virtBoard({ memory: MEMORY, core: { translate }, boot }));
  const [vcpu] = machine.get(CpuCoreToken).vcpus;
  const reader = new MarkReader(() => vcpu?.retired ?? 0);
  machine.get(CharPortToken, 'console0').onOutput((bytes) => reader.push(bytes));
  const outcome = await createInlineCell(machine).run();
  if (outcome.kind !== 'power-off') throw new Error(`the guest ended with ${JSON.stringify(outcome)}`);
  return jobTimes(reader.marks, start);
};
