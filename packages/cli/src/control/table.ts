import type { Command } from './command.ts';

/** A command about many machines, before it is loaded: `viv run` needs none of them. */
export interface CommandRow {
  readonly usage: string;
  readonly help: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** In the order of `viv --help`. */
export const controlCommands = {
  daemon: {
    usage: 'daemon [options]',
    help: 'run many machines, in the foreground',
    load: () => import('./daemon-command.ts'),
  },
  create: {
    usage: 'create NAME [run arguments]',
    help: 'make a machine of the arguments of `viv run`',
    load: () => import('./create-command.ts'),
  },
  ps: { usage: 'ps', help: 'list machines', load: () => import('./ps-command.ts') },
  start: { usage: 'start NAME…', help: 'start machines', load: () => import('./life/start-command.ts') },
  stop: {
    usage: 'stop NAME…',
    help: 'ask guests to power off, and pull the plug when they do not',
    load: () => import('./life/stop-command.ts'),
  },
  kill: { usage: 'kill NAME…', help: 'end machines at once', load: () => import('./life/kill-command.ts') },
  pause: { usage: 'pause NAME…', help: 'let machines stand still', load: () => import('./life/pause-command.ts') },
  resume: { usage: 'resume NAME…', help: 'let them go on', load: () => import('./life/resume-command.ts') },
  reset: { usage: 'reset NAME…', help: 'start their guests anew', load: () => import('./life/reset-command.ts') },
  rm: { usage: 'rm NAME…', help: 'forget machines', load: () => import('./life/rm-command.ts') },
  set: {
    usage: 'set NAME [options]',
    help: 'another weight or cap, other vCPUs or memory, at once',
    load: () => import('./set-command.ts'),
  },
  plug: {
    usage: 'plug NAME DEVICE',
    help: 'put a disk or card into a machine that runs',
    load: () => import('./plug-command.ts'),
  },
  unplug: { usage: 'unplug NAME DEVICE', help: 'take it out again', load: () => import('./unplug-command.ts') },
  attach: {
    usage: 'attach NAME',
    help: "a machine's console on this terminal",
    load: () => import('./attach-command.ts'),
  },
  exec: { usage: 'exec NAME -- CMD', help: 'run a command in a guest', load: () => import('./exec-command.ts') },
  logs: { usage: 'logs NAME', help: 'what a console showed', load: () => import('./logs-command.ts') },
  events: { usage: 'events', help: 'what has happened, and happens', load: () => import('./events-command.ts') },
  top: { usage: 'top', help: 'who uses what, live', load: () => import('./top-command.ts') },
  audit: { usage: 'audit', help: 'who asked for what', load: () => import('./audit-command.ts') },
} as const satisfies Readonly<Record<string, CommandRow>>;

/** The command of this name, whoever says it. */
export const controlCommand = (name: string | undefined): CommandRow | undefined =>
  name !== undefined && Object.hasOwn(controlCommands, name)
    ? controlCommands[name as keyof typeof controlCommands]
    : undefined;
