import type { MachineView } from '@vivarium/control';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { ageText, sizeText, tableLines } from './text-table.ts';

/** How the last run ended, in a word or two. */
const endText = ({ end }: MachineView): string => {
  switch (end?.kind) {
    case undefined:
      return '';
    case 'failure':
      return ` (failure ${end.code})`;
    case 'fault':
      return ` (${end.fault.code})`;
    case 'crashed':
      return ` (${end.error.code})`;
    case 'power-off':
    case 'stopped':
      return ` (${end.kind})`;
  }
};

const statusText = (machine: MachineView): string =>
  machine.status === 'ended' || machine.status === 'waiting' ? machine.status + endText(machine) : machine.status;

const rowOf = (machine: MachineView, now: number): readonly string[] => [
  machine.name,
  statusText(machine),
  String(machine.vcpus),
  sizeText(machine.memory),
  machine.scheduled ? String(machine.weight) : '-',
  machine.cap === null ? '-' : `${machine.cap}%`,
  String(machine.restarts),
  machine.pid === undefined ? '-' : String(machine.pid),
  machine.status === 'running' && machine.startedAt !== undefined ? ageText(now - machine.startedAt) : '-',
];

/** The table of `viv ps`. */
export const machineTable = (machines: readonly MachineView[], now: number): readonly string[] =>
  tableLines(
    [
      { heading: 'NAME' },
      { heading: 'STATUS' },
      { heading: 'VCPUS', align: 'right' },
      { heading: 'MEMORY', align: 'right' },
      { heading: 'WEIGHT', align: 'right' },
      { heading: 'CAP', align: 'right' },
      { heading: 'RESTARTS', align: 'right' },
      { heading: 'PID', align: 'right' },
      { heading: 'UP', align: 'right' },
    ],
    machines.map((machine) => rowOf(machine, now)),
  );

export const command = defineCommand({
  usage: 'ps [options]',
  options: connectionOptions,
  words: [0, 0],
  run: async ({ values, streams, connect }) => {
    const answer = await (await connect()).call('list', {});
    streams.stdout.write(
      values.json === true ? jsonLine(answer) : `${machineTable(answer.machines, Date.now()).join('\n')}\n`,
    );
    return 0;
  },
});
