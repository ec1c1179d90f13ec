import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { prepareDebian } from '@vivarium/guest-debian';
import { createHost, MemoryControl } from '@vivarium/host';
import { processCells, sharedFiles } from '@vivarium/host/node';
import { createReclaim } from '@vivarium/policy-reclaim';
import { createShares } from '@vivarium/policy-shares';
import { Clone, WAIT } from './clone.ts';
import { BEGUN } from './guests.ts';

// What it costs a guest that its pages could be taken, while none are: the same job in a guest with `overcommit` and in
// one without, in turns, by the CPU time of their processes.

const MIB = 2 ** 20;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    memory: { type: 'string', default: '192' },
    interval: { type: 'string', default: '500' },
  },
});
const memory = Number(values.memory);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Much of memory is looked at, and much is computed. */
const JOB = `for number in 1 2 3 4; do sha256sum /run/data; done >/dev/null
gzip -1 </run/data | wc -c >/dev/null`;
const SCRIPT = `seq 1 2500000 >/run/data
echo ${BEGUN}
round=0
while :; do ${WAIT}; round=$((round+1)); { ${JOB}; }; echo "done $round"; done`;

/** CPU time of a process in milliseconds, all its threads. */
const cpuOf = async (pid: number | undefined): Promise<number> => {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // User and system time, fields 14 and 15, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const { kernel, initrd } = await prepareDebian();
await using host = createHost({ kinds: [processCells()] });
const capacity = { cpu: 2000, memory: memory * 16 * MIB };
await using control = new MemoryControl({
  host,
  policy: createReclaim(createShares()),
  capacity,
  sharedFile: sharedFiles(),
});
const looking = setInterval(() => void control.update(performance.now()), Number(values.interval));

const start = async (name: string, paged: boolean): Promise<Clone> => {
  const machine = await host.create({
    name,
    cell: 'process',
    onReboot: 'stop',
    ...(paged ? { overcommit: { swap: memory } } : {}),
    recipe: { module: import.meta.resolve('./debian.ts'), options: { kernel, initrd, memory, command: SCRIPT } },
  });
  const clone = new Clone(machine);
  await machine.start();
  await until(clone, BEGUN);
  return clone;
};

const until = async (clone: Clone, line: string): Promise<void> => {
  while (!clone.has(line)) {
    clone.check();
    await sleep(20);
  }
};

const work = async (clone: Clone, round: number): Promise<number> => {
  const { pid } = clone.machine.info();
  const before = await cpuOf(pid);
  clone.go();
  await until(clone, `done ${round}`);
  return (await cpuOf(pid)) - before;
};

const clones = [await start('plain', false), await start('paged', true)];
const times: number[][] = [[], []];
for (let round = 1; round <= Number(values.rounds) + 1; round += 1) {
  for (const [index, clone] of clones.entries()) {
    const took = await work(clone, round);
    // The first time code is translated.
    if (round > 1) times[index]?.push(took);
  }
}
clearInterval(looking);
const median = (of: readonly number[]): number =>
  of.toSorted((one, other) => one - other)[Math.floor(of.length / 2)] ?? 0;
const [plain = 0, paged = 0] = times.map(median);
print(`plain: ${times[0]?.join(' ')} ms of CPU time`);
print(`paged: ${times[1]?.join(' ')} ms, state ${control.state}, looked at every ${values.interval} ms`);
print(`ratio of medians: ${(paged / plain).toFixed(3)}`);
