import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { prepareDebian } from '@vivarium/guest-debian';
import { createHost, Dispatcher } from '@vivarium/host';
import { processCells, workerCells } from '@vivarium/host/node';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { BEGUN } from './guests.ts';
import { Resident } from './resident.ts';

const MIB = 1024 * 1024;
const IDLE = `echo ${BEGUN}; sleep 1000000`;
const BUSY = `echo ${BEGUN}; while :; do :; done`;

const { values } = parseArgs({
  options: {
    guests: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '10' },
    memory: { type: 'string', default: '128' },
  },
});
const [count, memory] = [Number(values.guests), Number(values.memory)];
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const { kernel, initrd } = await prepareDebian();
const dispatcher = new Dispatcher({ scheduler: { name: 'eevdf', create: () => new Eevdf() }, pcpus: 1 });
await using host = createHost({ kinds: [workerCells(), processCells()] });

const start = async (name: string, command: string): Promise<Resident> => {
  const module = import.meta.resolve('./debian.ts');
  const recipe = { module, options: { kernel, initrd, memory, command } };
  const machine = await host.create({ name, cell: 'worker', leased: true, onReboot: 'stop', recipe });
  const resident = new Resident({ name, weight: 256, part: 'victim' }, machine, dispatcher);
  await machine.start();
  await resident.line(BEGUN);
  return resident;
};

/** What happens in the next seconds, and in how many. */
const observe = async () => {
  const now = () => {
    const [{ busy, grants, switches }] = dispatcher.pcpus;
    const ran = dispatcher.guests.reduce((sum, { stats }) => sum + stats[0].run, 0);
    const { user, system } = process.cpuUsage();
    return { time: performance.now() * 1e6, busy, grants, switches, ran, cpu: (user + system) * 1000 };
  };
  const from = now();
  await sleep(Number(values.seconds) * 1000);
  const to = now();
  const since = (of: keyof typeof from): number => to[of] - from[of];
  return { since, part: (of: keyof typeof from) => since(of) / since('time') };
};

const empty = process.memoryUsage().rss;
const times: number[] = [];
for (let guest = 1; guest <= count; guest++) {
  const began = performance.now();
  await start(`idle${guest}`, IDLE);
  times.push(performance.now() - began);
  print(`guest ${guest}: up after ${(times[guest - 1] / 1000).toFixed(2)} s`);
}
await sleep(2000);
const each = (process.memoryUsage().rss - empty) / count;
print(`start of guest ${count} beside that of the first: ${(times[count - 1] / times[0]).toFixed(2)}`);
print(
  `memory of an idle guest of ${memory} MiB, its cell included: ${(each / MIB).toFixed(0)} MiB, ${((1024 * MIB) / each).toFixed(1)} in a GiB`,
);

const idle = await observe();
print(`an idle guest runs for ${((idle.part('ran') / count) * 100).toFixed(3)}% of the time`);
print(
  `an idle guest, its cell and its part of the host use ${((idle.part('cpu') / count) * 100).toFixed(2)}% of a core`,
);
print(`pCPUs are granted ${(idle.since('grants') / count / Number(values.seconds)).toFixed(1)} times a second to each`);

await Promise.all(['one', 'other'].map((name) => start(name, BUSY)));
const busy = await observe();
const lost = (busy.since('busy') - busy.since('ran')) / busy.since('grants');
print(
  `two guests that compute: ${(lost / 1000).toFixed(0)} µs of each grant are lost to its way, of ${(busy.since('busy') / busy.since('grants') / 1000).toFixed(0)}`,
);
print(`which leaves them ${(busy.part('ran') * 100).toFixed(1)}% of the pCPU, with ${busy.since('switches')} switches`);
