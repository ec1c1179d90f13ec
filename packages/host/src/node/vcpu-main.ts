/** What runs in the thread of a vCPU. */
import { parentPort, workerData } from 'node:worker_threads';
import { executeVcpu, type VcpuOrder } from '../parallel/vcpu-loop.ts';

const port = parentPort;
// One that is rejected ends the thread with an error, which the cell hears of.
void executeVcpu(workerData as VcpuOrder, (fault) => port?.postMessage(fault));
