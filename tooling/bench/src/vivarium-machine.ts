import { readFileSync } from 'node:fs';
import { hostDirectory, userNetwork } from '@vivarium/board-virt';
import { nodeHostNetwork, openHostDirectory } from '@vivarium/board-virt/node';
import { backgroundThreads } from '@vivarium/host/node';
import { openHostFile } from '@vivarium/host-file/node';
import type { RunDevices } from './devices.ts';
import { type JobDevices, runJobs } from './job-machine.ts';

/** A run of the guest in this process, as data. */
export interface MachineRun {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly translate: boolean;
  readonly devices: RunDevices;
}

/** Opens what the devices need of the host. */
const openDevices = ({ disk, port, share }: RunDevices) => {
  const file = disk === undefined ? undefined : openHostFile(disk);
  const tree = share === undefined ? undefined : openHostDirectory(share);
  const devices: JobDevices = {
    ...(file === undefined ? {} : { disks: [{ file }] }),
    ...(port === undefined ? {} : { networks: [{ backend: userNetwork({ host: nodeHostNetwork() }) }] }),
    ...(tree === undefined ? {} : { shares: [{ tag: 'share', backend: hostDirectory({ tree }) }] }),
  };
  return {
    devices,
    close: () => {
      file?.close();
      tree?.dispose();
    },
  };
};

/** Runs the guest to its end and prints how long its jobs took. */
export const runMachine = async (run: MachineRun): Promise<void> => {
  // The time that the process needed to get here counts as boot, as it does for the other engine.
  const start = performance.now() - process.uptime() * 1000;
  const image = (path: string) => ({ name: path, bytes: readFileSync(path) });
  const { commandLine, translate } = run;
  const { devices, close } = openDevices(run.devices);
  const images = { kernel: image(run.kernel), initrd: image(run.initrd) };
  const { times, queue } = await runJobs({
    ...images,
    commandLine,
    translate,
    start,
    devices,
    cell: backgroundThreads(),
  });
  close();
  const memory = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ times, memory, queue })}\n`);
};
