import { consoleTerminal, type ConsoleTerminalOptions, type ConsoleTerminal } from '@vivarium/cli/terminal';
import { runTemplate } from '@vivarium/cli/template';
import type { Control, Principal } from '@vivarium/control';
import { auditFile } from '@vivarium/control/node';
import { openHost, readSpec } from '@vivarium/host-spec';
import { SCHEDULERS, type1Spec } from './type1-spec.ts';

export interface Type1Options {
  /** The file that says which guests there are. */
  readonly file: string;
  /** Of the audit log. */
  readonly audit: string;
  /** The terminal of the host, which is the control domain's. */
  readonly streams: ConsoleTerminalOptions['streams'];
  /** Powers everything off. */
  readonly stop: AbortSignal;
  readonly print: (line: string) => void;
  /** All guests are there. */
  readonly up?: (control: Control) => void;
}

/** The one who sits at the host. */
const OPERATOR: Principal = { name: 'terminal', role: 'admin', via: 'process' };
/** Milliseconds for a guest to power off. */
const GRACE = 20_000;

/**
 * Runs a host until its control domain powers off, or whoever sits there leaves; then the guests power off, last one first.
 * Resolves with whether the control domain ended as it should. Rejects with coded errors.
 */
export const runType1Host = async ({ file, audit, streams, stop, print, up }: Type1Options): Promise<boolean> => {
  const { spec, folder } = await readSpec(file, type1Spec);
  const { name } = spec.guests.find(({ management }) => management !== undefined) ?? spec.guests[0] ?? { name: '' };
  let terminal: ConsoleTerminal | undefined;
  const say = (text: string): void => (terminal === undefined ? print(text) : terminal.say(`host: ${text}`));
  const trouble = (what: string, error: unknown): void =>
    say(`${what}: ${error instanceof Error ? error.message : JSON.stringify(error)}`);
  await using host = await openHost({
    spec,
    folder,
    scheduler: { name: spec.scheduler, create: SCHEDULERS[spec.scheduler] },
    template: runTemplate({ signal: stop }),
    audit: await auditFile(audit, { onTrouble: (error) => trouble('audit log', error) }),
    onTrouble: trouble,
  });
  const { control } = host;
  let asked = stop.aborted;
  let leave = (): void => {};
  const over = new Promise<void>((resolve) => {
    leave = () => {
      asked = true;
      resolve();
    };
    stop.addEventListener('abort', leave);
    host.host.on(({ machine, name: event }) => {
      const ended = host.host.machines.find((each) => each.name === machine)?.status === 'ended';
      if (machine === name && event === 'host:ended' && ended) resolve();
      else if (event === 'host:gave-up') say(`${machine} is given up`);
    });
  });
  const attach = (): void => {
    terminal = consoleTerminal({
      streams,
      open: (peer) => control.open(OPERATOR, 'attach', { name, console: 'console0' }, peer),
      act: (action) => {
        if (action === 'quit') leave();
        else if (action === 'help') say(`${terminal?.key} q powers the host off, ${terminal?.key} r resets ${name}`);
        else control.call(OPERATOR, 'reset', { name }).catch((error: unknown) => trouble(name, error));
      },
    });
    say(`this is the console of ${name}; ${terminal.key} q powers the host off`);
  };
  try {
    await host.bringUp((guest) => {
      if (asked) throw new Error('the host is to power off');
      if (guest.name === name) attach();
    });
    up?.(control);
    await over;
  } catch (error) {
    if (!asked) throw error;
  } finally {
    terminal?.close();
    terminal = undefined;
  }
  print('host: powering off');
  await host.powerOff(GRACE);
  const { end } = await control.call(OPERATOR, 'inspect', { name });
  return asked || end?.kind === 'power-off';
};
