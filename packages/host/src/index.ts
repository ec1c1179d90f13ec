/**
 * Runs machines. A cell is the container of one machine: it starts it, shares the thread between its vCPUs and the
 * event loop, sleeps while all of them are idle, obeys the host's pause, reset and stop, and says how it ended.
 * The inline cell runs on the thread that made it; with a virtual clock such a run is a pure function of its inputs,
 * which {@link stateHash} shows.
 *
 * Cells in threads and processes are in `@vivarium/host/node`; {@link createHost} keeps many machines, in cells of any
 * kind.
 *
 * @example
 * import { assemble } from '@vivarium/kernel';
 * import { createInlineCell } from '@vivarium/host';
 *
 * await using cell = createInlineCell(await assemble(spec));
 * const outcome = await cell.run();
 * console.log(outcome.kind, cell.stats.instructions);
 *
 * @module
 */
import type { Machine } from '@vivarium/kernel';
import type { Cell, CellOptions } from './cell.ts';
import { InlineCell } from './inline-cell.ts';

/** Puts `machine` (assembled, not started) into a cell on this thread. The cell owns it from then on. */
export const createInlineCell = (machine: Machine, options: CellOptions = {}): Cell => new InlineCell(machine, options);

export { backgroundOn } from './background.ts';
export type { Cell, CellOptions, CellOutcome, CellStats } from './cell.ts';
export { errorTable } from './errors.ts';
export type { Lease, Stint } from './lease.ts';
export { Dispatcher, type DispatcherOptions, type DispatcherTrouble } from './scheduling/dispatcher.ts';
export type { Guest, GuestVcpus } from './scheduling/guest.ts';
export { createHostThread, type HostThread, type HostTime } from './scheduling/host-thread.ts';
export { ResourceControl, type ResourceControlOptions } from './scheduling/resource-control.ts';
export type { PcpuStats } from './scheduling/pcpu.ts';
export { stateHash } from './state-hash.ts';
export type { CellChannel, ChannelHandlers, MessagePortLike } from './cells/channel.ts';
export { portChannel } from './cells/channel.ts';
export { CellService, type CreateCell } from './cells/cell-service.ts';
export type {
  ConsoleLimits,
  ConsoleView,
  ConsoleViewer,
  HostConsole,
  ViewOptions,
} from './cells/console-hub.ts';
export type { CellCrash, CellEnd, CodedError } from './cells/end.ts';
export { inlineCells } from './cells/inline-cells.ts';
export type { CellKind, CellLimits, CellLink, CellOrder, Foundling } from './cells/link.ts';
export type { MachineFacts, PlainEnd } from './cells/messages.ts';
export {
  type DevicePlace,
  type HardwareAgent,
  type MachineDevice,
  type MachineMaker,
  type MachineParts,
  type MachineRecipe,
  writeLine,
} from './cells/recipe.ts';
export { type CellDeadlines, type CellEvent, RemoteCell, type RemoteCellOptions } from './cells/remote-cell.ts';
export { type MachineDescription, machineDescription } from './machines/description.ts';
export { MemoryControl, type MemoryControlOptions, type MemoryEvent } from './memory/memory-control.ts';
export type { SharedFile } from './memory/shared-pages.ts';
export type { MemoryAct, MemoryAnswer, MemoryReport } from './memory/acts.ts';
export type { PageFile, PageTools } from './memory/page-tools.ts';
export { createHost, type Host, type HostLimits, type HostOptions } from './machines/host.ts';
export type { EndedEvent, HostEvent } from './machines/host-event.ts';
export {
  type DeviceDescription,
  deviceDescription,
  type HardwareChange,
  type HardwareView,
  type KeptChanges,
  keptChanges,
} from './hardware/change.ts';
export type {
  ChangeOptions,
  DetachOptions,
  HostedMachine,
  MachineInfo,
  MachinePast,
  MachineStatus,
} from './machines/hosted-machine.ts';
