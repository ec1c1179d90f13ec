import { deviceDescription, machineDescription } from '@vivarium/host';
import * as z from 'zod';
import { call, type Operation, stream } from './operation.ts';
import {
  auditEntry,
  cap,
  consoleName,
  eventView,
  machineName,
  machineView,
  management,
  restart,
  salt,
  usageView,
  weight,
} from './schemas.ts';

const LARGEST_COMMAND = 32 * 1024;
const LONGEST_GRACE = 600_000;
const MOST_VCPUS = 4096;
const MOST_BYTES = 1 << 20;

const nothing = z.strictObject({});
const ofMachine = z.strictObject({ name: machineName });
/** Waits for a guest to do its part. */
const timeout = z
  .int()
  .min(0)
  .max(LONGEST_GRACE)
  .optional()
  .meta({ description: 'Milliseconds for the guest to do its part; 30,000 unless given' });
const ofDevice = ofMachine.extend({
  device: deviceDescription.shape.name.meta({ description: 'Unique on its machine' }),
  timeout,
});
const ofConsole = z.strictObject({
  name: machineName,
  console: consoleName,
  scrollback: z.int().min(0).max(MOST_BYTES).optional().meta({ description: 'Most bytes of earlier output' }),
});
const lost = z.object({ kind: z.literal('lost'), bytes: z.int() });
const ended = z.object({ kind: z.literal('closed') });
const silent = z.never();

/** The table of operations: what routers, the OpenAPI document, clients, authorisation and the audit log are made from. */
export const operations = {
  status: call({
    method: 'GET',
    path: '/v1/status',
    role: 'viewer',
    effect: 'reads',
    summary: 'What the host is and has',
    input: nothing,
    output: z.object({
      version: z.string(),
      startedAt: z.int(),
      machines: z.int(),
      pcpus: z.int(),
      memory: z.int().meta({ description: 'Bytes for guests' }),
      cells: z.array(z.string()),
      templates: z.array(z.string()),
    }),
  }),
  list: call({
    method: 'GET',
    path: '/v1/machines',
    role: 'viewer',
    effect: 'reads',
    summary: 'All machines, in the order in which they came',
    input: nothing,
    output: z.object({ machines: z.array(machineView) }),
  }),
  inspect: call({
    method: 'GET',
    path: '/v1/machines/{name}',
    role: 'viewer',
    effect: 'reads',
    summary: 'One machine',
    input: ofMachine,
    output: machineView,
  }),
  create: call({
    method: 'POST',
    path: '/v1/machines',
    // What a template is asked for may name files of the host, and code.
    role: 'admin',
    effect: 'changes',
    summary: 'Make a machine of a template',
    input: z.strictObject({
      name: machineName,
      template: z.string().min(1).max(64).meta({ description: 'One of those that `status` lists' }),
      options: z.unknown().optional().meta({ description: 'For the template' }),
      cell: machineDescription.shape.cell.optional().meta({ description: 'Kind of its cell' }),
      weight: weight.optional(),
      cap: cap.optional(),
      restart: restart.optional(),
      management: management.optional(),
      limits: machineDescription.shape.limits.meta({ description: 'Of its cell; memory in MiB' }),
      overcommit: machineDescription.shape.overcommit.meta({
        description: 'Its pages may be taken where memory is short, and so many MiB of them written to a swap file',
      }),
      salt: salt.optional(),
      start: z.boolean().optional().meta({ description: 'Start it, too' }),
    }),
    output: machineView,
  }),
  destroy: call({
    method: 'DELETE',
    path: '/v1/machines/{name}',
    role: 'admin',
    effect: 'changes',
    summary: 'End a machine if need be, and forget it',
    input: ofMachine,
    output: z.object({}),
  }),
  start: call({
    method: 'POST',
    path: '/v1/machines/{name}/start',
    role: 'operator',
    effect: 'changes',
    summary: 'Start a machine, also one that has ended',
    input: ofMachine,
    output: machineView,
  }),
  stop: call({
    method: 'POST',
    path: '/v1/machines/{name}/stop',
    role: 'operator',
    effect: 'changes',
    summary: 'Ask the guest to power off, and pull the plug when it does not in time',
    input: ofMachine.extend({
      grace: z.int().min(0).max(LONGEST_GRACE).optional().meta({ description: 'Milliseconds; 10,000 unless given' }),
    }),
    output: machineView,
  }),
  kill: call({
    method: 'POST',
    path: '/v1/machines/{name}/kill',
    role: 'operator',
    effect: 'changes',
    summary: "End a machine's cell, whatever it does",
    input: ofMachine,
    output: machineView,
  }),
  pause: call({
    method: 'POST',
    path: '/v1/machines/{name}/pause',
    role: 'operator',
    effect: 'changes',
    summary: 'Let a machine stand still',
    input: ofMachine,
    output: machineView,
  }),
  resume: call({
    method: 'POST',
    path: '/v1/machines/{name}/resume',
    role: 'operator',
    effect: 'changes',
    summary: 'Let a paused machine go on',
    input: ofMachine,
    output: machineView,
  }),
  reset: call({
    method: 'POST',
    path: '/v1/machines/{name}/reset',
    role: 'operator',
    effect: 'changes',
    summary: 'Start the guest anew, as a reset button does',
    input: ofMachine,
    output: machineView,
  }),
  set: call({
    method: 'PATCH',
    path: '/v1/machines/{name}',
    role: 'operator',
    effect: 'changes',
    summary: 'Change weight and cap, vCPUs and memory while it runs',
    input: ofMachine.extend({
      weight: weight.optional(),
      cap: cap.optional(),
      vcpus: z.int().min(1).max(MOST_VCPUS).optional().meta({ description: 'For the guest, of those of the machine' }),
      memory: z.int().min(1).optional().meta({ description: 'Bytes for the guest, of those of the machine' }),
      timeout,
    }),
    output: machineView,
  }),
  attachDevice: call({
    method: 'POST',
    path: '/v1/machines/{name}/devices',
    // Disks name files of the host.
    role: 'admin',
    effect: 'changes',
    summary: 'Put a device into a hot-plug slot while the machine runs',
    input: ofDevice.extend({
      options: deviceDescription.shape.options.meta({
        description: "What it is, in the words of the machine's template",
      }),
    }),
    output: machineView,
  }),
  detachDevice: call({
    method: 'DELETE',
    path: '/v1/machines/{name}/devices/{device}',
    role: 'admin',
    effect: 'changes',
    summary: 'Take a device out again',
    input: ofDevice.extend({
      force: z.boolean().optional().meta({ description: 'At once, whatever the guest does with it' }),
    }),
    output: machineView,
  }),
  logs: call({
    method: 'GET',
    path: '/v1/machines/{name}/consoles/{console}',
    role: 'viewer',
    effect: 'reads',
    summary: 'What a console showed last',
    input: ofConsole,
    output: z.object({ text: z.string() }),
  }),
  usage: call({
    method: 'GET',
    path: '/v1/usage',
    role: 'viewer',
    effect: 'reads',
    summary: 'What pCPUs and machines have used so far: two of these make rates',
    input: nothing,
    output: usageView,
  }),
  audit: call({
    method: 'GET',
    path: '/v1/audit',
    role: 'admin',
    effect: 'reads',
    summary: 'The last entries of the audit log, oldest first',
    input: z.strictObject({ most: z.int().min(1).max(1000).optional().meta({ description: '100 unless given' }) }),
    output: z.object({ entries: z.array(auditEntry) }),
  }),
  events: stream({
    path: '/v1/events',
    role: 'viewer',
    effect: 'reads',
    summary: 'What happens on the host and its machines, as it happens',
    input: z.strictObject({
      machine: machineName.optional().meta({ description: 'Of this one alone' }),
      since: z.int().min(0).optional().meta({ description: 'Begin after this sequence number, as far as it is kept' }),
    }),
    hears: silent,
    tells: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('event'), event: eventView }),
      z.object({
        kind: z.literal('lost'),
        events: z.int().meta({ description: 'The reader was too slow for so many' }),
      }),
      z.object({ kind: z.literal('live') }).meta({ description: 'After `since`: all that was kept has been told' }),
    ]),
    channels: {},
    takes: [],
  }),
  watch: stream({
    path: '/v1/machines/{name}/consoles/{console}/watch',
    role: 'viewer',
    effect: 'reads',
    summary: 'Look at a console',
    input: ofConsole,
    hears: silent,
    tells: z.discriminatedUnion('kind', [lost, ended]),
    channels: { 0: "the console's output" },
    takes: [],
  }),
  attach: stream({
    path: '/v1/machines/{name}/consoles/{console}/attach',
    role: 'operator',
    effect: 'changes',
    summary: 'Look at a console and type on it',
    input: ofConsole.extend({
      slow: z
        .enum(['drop', 'hold'])
        .optional()
        .meta({ description: 'What happens when this viewer is slow: it misses output (`drop`), or the guest waits' }),
    }),
    hears: z.object({
      kind: z.literal('resize'),
      columns: z.int().min(1).max(65_535),
      rows: z.int().min(1).max(65_535),
    }),
    tells: z.discriminatedUnion('kind', [lost, ended]),
    channels: { 0: "the console's output; input from the caller" },
    takes: [0],
  }),
  exec: stream({
    path: '/v1/machines/{name}/exec',
    role: 'operator',
    effect: 'changes',
    summary: 'Run a command in a guest that has an agent',
    input: ofMachine.extend({
      command: z.string().min(1).max(LARGEST_COMMAND).meta({ description: 'For `sh -c` in the guest' }),
      wait: z.int().min(0).max(LONGEST_GRACE).optional().meta({
        description: "Milliseconds to wait for the guest's agent, 30,000 unless given: a guest may still be booting",
      }),
    }),
    hears: silent,
    tells: z.object({ kind: z.literal('exit'), code: z.int().min(0).max(255) }),
    channels: { 1: 'standard output', 2: 'standard error' },
    takes: [],
  }),
} as const satisfies Readonly<Record<string, Operation>>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type CallName = {
  [Name in OperationName]: Operations[Name]['kind'] extends 'call' ? Name : never;
}[OperationName];
export type StreamName = Exclude<OperationName, CallName>;

/** What a caller gives. */
export type InputOf<Name extends OperationName> = z.input<Operations[Name]['input']>;
/** What it gets. */
export type OutputOf<Name extends CallName> = z.output<Operations[Name]['output']>;
/** Notes of a stream, to and from the caller. */
export type HeardBy<Name extends StreamName> = z.output<Operations[Name]['hears']>;
export type ToldBy<Name extends StreamName> = z.output<Operations[Name]['tells']>;

/** The operation of this name, whoever says it. */
export const operationNamed = (name: string): Operation | undefined =>
  Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined;
