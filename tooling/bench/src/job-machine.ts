import { virtBoard, type VirtBoardOptions } from '@vivarium/board-virt';
import { type BootImage, CharPortToken, CpuCoreToken, DeviceToken } from '@vivarium/contracts';
import { type CellOptions, createInlineCell } from '@vivarium/host';
import { assemble, type GrantPolicy } from '@vivarium/kernel';
import { MmioTransport, type QueueCounters } from '@vivarium/virtio-transport';
import { type JobTime, jobTimes, MarkReader } from './marks.ts';

const MEMORY = 256 * 1024 * 1024;

/** What the machine has on its virtio bus. */
export type JobDevices = Pick<VirtBoardOptions, 'disks' | 'networks' | 'shares'>;

/** The benchmark's parts are ours, and are given what they ask for. */
const TRUSTING: GrantPolicy = { allows: () => true };

/** A run of the guest, wherever JavaScript runs. */
export interface JobRun {
  readonly kernel: BootImage;
  readonly initrd: BootImage;
  readonly commandLine: string;
  readonly translate: boolean;
  readonly devices?: JobDevices;
  readonly cell?: CellOptions;
  /** When the boot began, by `performance.now()`. */
  readonly start: number;
}

/** How long the jobs took, and what the queue of the disk did meanwhile. */
export interface JobResults {
  readonly times: readonly JobTime[];
  readonly queue: QueueCounters | undefined;
}

/** Runs the guest to its end. */
export const runJobs = async ({
  kernel,
  initrd,
  commandLine,
  translate,
  start,
  devices,
  cell,
}: JobRun): Promise<JobResults> => {
  const boot = { kind: 'kernel', kernel, initrd, commandLine } as const;
  await using machine = await assemble(virtBoard({ memory: MEMORY, core: { translate }, boot, ...devices }), {
    policy: TRUSTING,
  });
  const [vcpu] = machine.get(CpuCoreToken).vcpus;
  const reader = new MarkReader(() => vcpu?.retired ?? 0);
  machine.get(CharPortToken, 'console0').onOutput((bytes) => reader.push(bytes));
  const outcome = await createInlineCell(machine, cell).run();
  if (outcome.kind !== 'power-off') throw new Error(`the guest ended with ${JSON.stringify(outcome)}`);
  const transport = machine.all(DeviceToken).find((device) => device instanceof MmioTransport);
  return { times: jobTimes(reader.marks, start), queue: transport?.session.counters[0] };
};
