import { runTemplate } from '@vivarium/cli/template';
import type { Control, EventView, MachineView, Principal } from '@vivarium/control';
import { hostSpec, openHost, readSpec } from '@vivarium/host-spec';
import { Eevdf } from '@vivarium/scheduler-eevdf';

export interface DesktopOptions {
  /** The file that says which guests there are. */
  readonly file: string;
  readonly print: (line: string) => void;
  /** Powers all guests off, in reverse order. */
  readonly stop: AbortSignal;
  /** Ends those that still run. */
  readonly kill: AbortSignal;
  /** All guests are there. */
  readonly up?: (control: Control) => void;
}

const USER: Principal = { name: 'desktop', role: 'viewer', via: 'process' };
const MIB = 2 ** 20;
/** Milliseconds for a guest to power off. */
const GRACE = 20_000;

const HEAD = ['guest', 'status', 'process', 'vCPUs', 'MiB', 'weight', 'cap', 'restart'];

const row = ({ name, status, pid, vcpus, memory, weight, cap, restart }: MachineView): readonly string[] => {
  const limit = cap === null ? '-' : `${cap}%`;
  const numbers = [vcpus, Math.round(memory / MIB), weight].map(String);
  return [name, status, String(pid ?? '-'), ...numbers, limit, restart];
};

const table = (rows: readonly (readonly string[])[]): string => {
  const width = (column: number): number => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** What an event says to people; undefined for those that say nothing new. */
const lineOf = ({ name, machine, event, time }: EventView): string | undefined => {
  const { end, after, reason } = (event ?? {}) as {
    readonly end?: object;
    readonly after?: number;
    readonly reason?: string;
  };
  const said: Readonly<Record<string, string>> = {
    'host:started': 'starts',
    'host:ended': `has ended: ${JSON.stringify(end)}`,
    'host:restart': `starts again in ${after} ms`,
    'host:gave-up': `is given up: ${reason}`,
    'host:failure': `fails: ${JSON.stringify(event)}`,
    'cell:silent': 'gives no sign of life',
    'guest:fault': `faults: ${JSON.stringify(event)}`,
  };
  const words = Object.hasOwn(said, name) ? said[name] : undefined;
  return words && `${new Date(time).toLocaleTimeString('en-GB')} ${machine} ${words}`;
};

/** Runs the guests of a file until it is told to stop, or none runs any more. Rejects with coded errors. */
export const runDesktop = async ({ file, print, stop, kill, up }: DesktopOptions): Promise<void> => {
  const { spec, folder } = await readSpec(file, hostSpec);
  const told = new Set<string>();
  const onProgress = ({ message }: { readonly message: string }): void => {
    // The same for each guest.
    if (!told.has(message)) print(message);
    told.add(message);
  };
  await using desktop = await openHost({
    spec,
    folder,
    scheduler: { name: 'eevdf', create: () => new Eevdf() },
    template: runTemplate({ onProgress, signal: stop }),
    onTrouble: (what, error) => print(`${what}: ${error instanceof Error ? error.message : JSON.stringify(error)}`),
  });
  const { control, host } = desktop;
  kill.addEventListener('abort', () => void host[Symbol.asyncDispose]());
  control.open(
    USER,
    'events',
    {},
    {
      bytes: () => true,
      note: (note) => {
        const line = note.kind === 'event' ? lineOf(note.event) : undefined;
        if (line !== undefined) print(line);
        return true;
      },
      end: () => {},
    },
  );
  try {
    await desktop.bringUp(() => stop.throwIfAborted());
    const { machines } = await control.call(USER, 'list', {});
    print(table([HEAD, ...machines.map(row)]));
    up?.(control);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        const runs = host.machines.some(({ status }) => status !== 'ended' && status !== 'created');
        if (!runs || stop.aborted) resolve();
      };
      host.on(look);
      stop.addEventListener('abort', look);
      look();
    });
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  print('powering off');
  await desktop.powerOff(GRACE);
};
