import type { GuestFault } from '@vivarium/contracts';
import type { StartVcpuThread } from '../parallel/threads.ts';
import { silentWorker } from './silent-worker.ts';

/** Threads of Node for the vCPUs of one machine. */
export const startVcpuThread: StartVcpuThread = (order, events) => {
  const worker = silentWorker('vcpu-main', { name: `vcpu ${order.index}`, workerData: order });
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
