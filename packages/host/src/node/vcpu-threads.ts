import type { GuestFault } from '@vivarium/contracts';
import { Worker } from 'node:worker_threads';
import type { StartVcpuThread } from '../parallel/threads.ts';
import { beside } from './beside.ts';

/** Threads of Node for the vCPUs of one machine. */
export const startVcpuThread: StartVcpuThread = (order, events) => {
  const worker = new Worker(beside(import.meta.url, 'vcpu-main'), {
    name: `vcpu ${order.index}`,
    workerData: order,
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  let asked = false;
  worker.on('message', (fault: GuestFault) => events.fault(fault));
  worker.on('error', (error) => events.died(error));
  worker.once('exit', (code) => {
    if (!asked) events.died(new Error(`the thread ended with code ${code}`));
  });
  return {
    end: async () => {
      asked = true;
      await worker.terminate();
    },
  };
};
