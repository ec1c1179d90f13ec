import { sizeText, tableLines } from '../text-table.ts';
import type { Load, MachineLoad } from './measurement.ts';

/** What machines are sorted by, and the key for that. */
export const ORDERS = {
  c: { title: 'CPU', compare: (one: MachineLoad, other: MachineLoad) => other.cpu - one.cpu },
  w: { title: 'wait', compare: (one: MachineLoad, other: MachineLoad) => other.wait - one.wait },
  m: { title: 'memory', compare: (one: MachineLoad, other: MachineLoad) => other.memory - one.memory },
  n: { title: 'name', compare: (one: MachineLoad, other: MachineLoad) => one.name.localeCompare(other.name) },
} as const;
export type Order = keyof typeof ORDERS;

const BAR = 30;
const SHORTEST_BAR = 5;

const bar = (percent: number, width: number): string => {
  const full = Math.round((Math.min(100, percent) / 100) * width);
  return `[${'|'.repeat(full)}${' '.repeat(width - full)}]`;
};

/** Bars beside each other, as many as there is room for. */
const pcpuLines = (pcpus: Load['pcpus'], columns: number): readonly string[] => {
  const room = Math.floor(columns / Math.min(2, Math.max(1, pcpus.length))) - 18;
  const width = Math.max(SHORTEST_BAR, Math.min(BAR, room));
  const cells = pcpus.map(
    ({ id, busy }) => `pCPU${String(id).padStart(3)} ${bar(busy, width)} ${busy.toFixed(1).padStart(5)}%`,
  );
  const abreast = Math.max(1, Math.floor((columns + 2) / ((cells[0]?.length ?? columns) + 2)));
  const lines: string[] = [];
  for (let from = 0; from < cells.length; from += abreast) lines.push(cells.slice(from, from + abreast).join('  '));
  return lines;
};

const rowOf = (machine: MachineLoad): readonly string[] => [
  machine.name,
  machine.status,
  machine.cpu.toFixed(1),
  machine.wait.toFixed(1),
  String(machine.weight),
  machine.cap === null ? '-' : String(machine.cap),
  String(machine.vcpus),
  sizeText(machine.memory),
  machine.wakeLatency.toFixed(1),
  machine.mips.toFixed(1),
  String(machine.restarts),
];

/** The table of machines. */
export const loadTable = ({ machines }: Load, order: Order): readonly string[] =>
  tableLines(
    [
      { heading: 'NAME' },
      { heading: 'STATUS' },
      { heading: 'CPU%', align: 'right' },
      { heading: 'WAIT%', align: 'right' },
      { heading: 'WEIGHT', align: 'right' },
      { heading: 'CAP%', align: 'right' },
      { heading: 'VCPUS', align: 'right' },
      { heading: 'MEMORY', align: 'right' },
      { heading: 'WAKE ms', align: 'right' },
      { heading: 'MIPS', align: 'right' },
      { heading: 'RESTARTS', align: 'right' },
    ],
    machines
      .toSorted((one, other) => ORDERS[order].compare(one, other) || one.name.localeCompare(other.name))
      .map(rowOf),
  );

/** What is shown of a host: what it has first, then its machines. */
export const loadLines = (load: Load, order: Order, columns: number): readonly string[] => {
  const { memory, machines } = load;
  const running = machines.filter(({ status }) => status === 'running').length;
  const part = memory.capacity === 0 ? '' : ` of ${sizeText(memory.capacity)}`;
  return [
    `${machines.length} machines, ${running} running; ${sizeText(memory.used)}${part} of memory; by ${ORDERS[order].title}`,
    ...pcpuLines(load.pcpus, columns),
    '',
    ...loadTable(load, order),
  ];
};

/** As much of it as a screen has room for, in reverse where the headings are. */
export const screenText = (
  load: Load,
  order: Order,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string => {
  const lines = loadLines(load, order, columns);
  const shown = lines.slice(0, Math.max(1, rows - 1));
  const keys = 'q quits; by c CPU, w wait, m memory, n name';
  const left = lines.length - shown.length;
  const foot = left > 0 ? `${keys}; ${left} more` : keys;
  const heading = lines.findIndex((line) => line.startsWith('NAME'));
  const painted = shown.map((line, index) => {
    const text = line.slice(0, columns);
    return index === heading ? `\u001b[7m${text.padEnd(columns)}\u001b[0m` : `${text}\u001b[K`;
  });
  // Home, lines, nothing below.
  return `\u001b[H${[...painted, `${foot.slice(0, columns)}\u001b[K`].join('\r\n')}\u001b[J`;
};
