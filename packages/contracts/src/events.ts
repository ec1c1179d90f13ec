import type { GuestFault } from './fault.ts';
import type { PowerRequest } from './power.ts';

/** Life-cycle state of a machine. */
export type MachineState = 'assembled' | 'running' | 'paused' | 'stopped' | 'disposed';

/** Every event of a machine and what it carries. Plugins add their own by declaration merging. */
export interface MachineEvents {
  'machine:state': { readonly from: MachineState; readonly to: MachineState };
  'machine:reset': Record<never, never>;
  'guest:power': PowerRequest;
  'guest:fault': GuestFault;
  /** A part broke its contract or failed in a hook; the machine says which. */
  'part:failure': { readonly part: string; readonly plugin: string; readonly hook: string; readonly error: unknown };
  log: {
    readonly part: string;
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    readonly facts?: Readonly<Record<string, unknown>>;
  };
}

/** Emits typed events. A listener that throws is reported and does not stop the others. */
export interface EventSink {
  emit<Name extends keyof MachineEvents>(name: Name, event: MachineEvents[Name]): void;
}

/** Listens to typed events; `on` returns its removal. */
export interface EventSource {
  on<Name extends keyof MachineEvents>(name: Name, listener: (event: MachineEvents[Name]) => void): () => void;
}
