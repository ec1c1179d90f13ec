/**
 * What is imported on the thread of a hart: see `CoreThreads` of the contracts.
 *
 * @module
 */
import type { VcpuThreadModule } from '@vivarium/contracts';
import { HartThread } from './threads/hart-thread.ts';
import type { HartThreadData } from './threads/protocol.ts';

export const openVcpu: VcpuThreadModule['openVcpu'] = (thread, data) => HartThread.open(thread, data as HartThreadData);
