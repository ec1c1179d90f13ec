import type { DebugStop } from '@vivarium/contracts';
import { threadId } from './thread-id.ts';

/** Numbers of signals in the protocol (include/gdb/signals.def), the same as those of every Unix. */
const SIGINT = '02';
const SIGTRAP = '05';
const SIGABRT = '06';

/** What the client said it understands. */
export interface StopFeatures {
  readonly swbreak: boolean;
  readonly hwbreak: boolean;
}

const WATCH = { read: 'rwatch', write: 'watch', access: 'awatch' } as const;

/** GDB manual, "Stop Reply Packets". `hardware`: whether the client set the breakpoint as a hardware one. */
export const stopReply = (stop: DebugStop, features: StopFeatures, hardware: boolean): string => {
  if (stop.kind === 'ended') return `W${(stop.code & 0xff).toString(16).padStart(2, '0')}`;
  const thread = `thread:${threadId(stop.vcpu)};`;
  switch (stop.kind) {
    case 'halted':
      return `T${SIGINT}${thread}`;
    case 'step':
      return `T${SIGTRAP}${thread}`;
    case 'breakpoint': {
      const reason = hardware ? 'hwbreak' : 'swbreak';
      return `T${SIGTRAP}${features[reason] ? `${reason}:;` : ''}${thread}`;
    }
    case 'watchpoint':
      return `T${SIGTRAP}${WATCH[stop.access]}:${stop.address.toString(16)};${thread}`;
    case 'fault':
      return `T${SIGABRT}${thread}`;
  }
};
