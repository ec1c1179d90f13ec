import { readFileSync } from 'node:fs';
import { virtBoard } from '@vivarium/board-virt';
import { CharPortToken, CpuCoreToken } from '@vivarium/contracts';
import { createInlineCell } from '@vivarium/host';
import { assemble } from '@vivarium/kernel';
import { jobTimes, MarkReader } from './marks.ts';

const MEMORY = 256 * 1024 * 1024;

/** Runs the guest to its end and prints how long its jobs took. `mode` is `interpret` when nothing is to be translated. */
export const runMachine = async (kernel: string, initrd: string, commandLine: string, mode: string): Promise<void> => {
  // The time that the process needed to get here counts as boot, as it does for the other engine.
  const start = performance.now() - process.uptime() * 1000;
  const board = virtBoard({
    memory: MEMORY,
    core: { translate: mode !== 'interpret' },
    boot: {
      kind: 'kernel',
      kernel: { name: kernel, bytes: readFileSync(kernel) },
      initrd: { name: initrd, bytes: readFileSync(initrd) },
      commandLine,
    },
  });
  await using machine = await assemble(board);
  const [vcpu] = machine.get(CpuCoreToken).vcpus;
  const reader = new MarkReader(() => vcpu?.retired ?? 0);
  machine.get(CharPortToken, 'console0').onOutput((bytes) => reader.push(bytes));
  const outcome = await createInlineCell(machine).run();
  if (outcome.kind !== 'power-off') throw new Error(`the guest ended with ${JSON.stringify(outcome)}`);
  const memory = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ times: jobTimes(reader.marks, start), memory })}\n`);
};
