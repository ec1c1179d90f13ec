import type { Host } from '@vivarium/host';
import { errors } from './errors.ts';
import type { EventHistory } from './event-history.ts';
import { AgentExecution } from './exec.ts';
import type { Fleet } from './fleet.ts';
import type { Operations, StreamName } from './operations.ts';
import type * as z from 'zod';
import type { OpenStream, StreamPeer } from './stream-ends.ts';
import type { Turns } from './turns.ts';

/** What streams are about. */
export interface StreamContext {
  readonly host: Host;
  readonly fleet: Fleet;
  readonly history: EventHistory;
  /** One command in a guest at a time. */
  readonly commands: Turns;
  readonly waiting: Map<string, number>;
}

type Parsed<Name extends StreamName> = z.output<Operations[Name]['input']>;
type Openers = {
  readonly [Name in StreamName]: (
    context: StreamContext,
    input: Parsed<Name>,
    peer: StreamPeer<Name>,
  ) => OpenStream<Name>;
};

/** Commands that wait for one guest. */
const MOST_COMMANDS = 16;
const DEFAULT_WAIT = 30_000;

const nothingHeard = { bytes: () => 0, note: () => {} };

const watch = (
  { fleet }: StreamContext,
  { name, console, scrollback, slow }: Parsed<'attach'>,
  // What both tell is the same.
  peer: StreamPeer<'attach'> | StreamPeer<'watch'>,
): OpenStream<'attach'> => {
  const [machine] = fleet.get(name);
  const view = machine.console(console).attach(
    {
      output: (bytes, lost) => {
        if (lost > 0) peer.note({ kind: 'lost', bytes: lost });
        return peer.bytes(0, bytes);
      },
      closed: () => {
        peer.note({ kind: 'closed' });
        peer.end();
      },
      writable: () => peer.writable?.(),
    },
    {
      ...(scrollback === undefined ? {} : { scrollback }),
      ...(slow === undefined ? {} : { slow }),
    },
  );
  return {
    bytes: (_channel, bytes) => view.send(bytes),
    note: ({ columns, rows }) => view.resize(columns, rows),
    resume: () => view.resume(),
    close: () => view.detach(),
  };
};

const exec: Openers['exec'] = ({ host, fleet, commands, waiting }, { name, command, wait = DEFAULT_WAIT }, peer) => {
  const [machine, { exec: consoles }] = fleet.get(name);
  if (consoles === undefined) throw errors.make('VIV_CONTROL_NO_EXEC', `machine ${name} has no agent for commands`);
  if (command.includes('\0')) throw errors.make('VIV_CONTROL_INPUT', 'command: it holds a NUL character');
  if (machine.status !== 'running') {
    throw errors.make('VIV_CONTROL_EXEC_ENDED', `machine ${name} does not run: it is ${machine.status}`);
  }
  const queued = waiting.get(name) ?? 0;
  if (queued >= MOST_COMMANDS) throw errors.make('VIV_CONTROL_BUSY', `${queued} commands wait for machine ${name}`);
  waiting.set(name, queued + 1);
  let execution: AgentExecution | undefined;
  let closed = false;
  void commands
    .take(name, async () => {
      if (closed) return;
      execution = new AgentExecution(
        machine,
        consoles,
        { command, wait, host },
        {
          output: (channel, bytes) => closed || peer.bytes(channel, bytes),
        },
      );
      const code = await execution.code;
      if (closed) return;
      peer.note({ kind: 'exit', code });
      peer.end();
    })
    .catch((error: unknown) => {
      if (!closed) peer.end(error);
    })
    .finally(() => {
      const left = (waiting.get(name) ?? 1) - 1;
      if (left > 0) waiting.set(name, left);
      else waiting.delete(name);
    });
  return {
    ...nothingHeard,
    resume: () => execution?.resume(),
    close: () => {
      closed = true;
      void execution?.cancel();
    },
  };
};

const events: Openers['events'] = ({ host, history }, { machine, since }, peer) => {
  let slow = false;
  // It begins anew with each process that is a host: a number from before that is ahead of it.
  let told = Math.min(Math.max(since ?? history.last, history.before), history.last);
  /** Has to be told that it has all there was. */
  let behind = since !== undefined;
  const tell = (): void => {
    for (let next = history.after(told); next !== undefined && !slow; next = history.after(told)) {
      const lost = next.sequence - told - 1;
      told = lost > 0 ? next.sequence - 1 : next.sequence;
      if (lost > 0) slow = !peer.note({ kind: 'lost', events: lost });
      else if (machine === undefined || next.machine === machine) {
        slow = !peer.note({ kind: 'event', event: { ...next, event: next.event ?? null } });
      }
    }
    if (!behind || slow) return;
    behind = false;
    slow = !peer.note({ kind: 'live' });
  };
  // The history has heard of it before.
  const unlisten = host.on(tell);
  tell();
  return {
    ...nothingHeard,
    resume: () => {
      slow = false;
      tell();
    },
    close: unlisten,
  };
};

/** How each stream is opened. */
export const openers: Openers = {
  events,
  exec,
  attach: watch,
  watch: (context, input, peer) => ({ ...watch(context, input, peer), ...nothingHeard }),
};
