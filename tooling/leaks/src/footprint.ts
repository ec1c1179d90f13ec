import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What this process holds. */
export interface Footprint {
  readonly descriptors: number;
  readonly threads: number;
  /** Its children and theirs. */
  readonly processes: number;
  /** Entries of the folders that cells are made in. */
  readonly files: number;
  /** Timers, sockets, ports and the like that keep the event loop busy. */
  readonly handles: number;
}

export const COUNTS = ['descriptors', 'threads', 'processes', 'files', 'handles'] as const;

/** Kibibytes of memory of this process. */
export interface Memory {
  /** Objects and buffers that are still in use, after all garbage was collected. */
  readonly live: number;
  /** Pages in RAM: what is in use, and what allocators keep for later. */
  readonly resident: number;
}

export const memory = (): Memory => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: Math.round((heapUsed + external) / 1024), resident: Math.round(rss / 1024) };
};

const descriptors = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) !== '';
    } catch {
      return false; // the one that was open to read the folder
    }
  }).length;

/** Parent of a process, from proc(5) `stat`; undefined once it is gone. */
const parentOf = (pid: string): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
};

const processes = (): number => {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const family = new Set([process.pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [pid, parent] of parents) if (parent !== undefined && family.has(parent)) family.add(pid);
  }
  return family.size - 1;
};

/** Processes that cells became and that have lost their parent are found by their working folder. */
const strays = (folders: readonly string[]): number =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const folder = readlinkSync(`/proc/${name}/cwd`);
      return parentOf(name) !== process.pid && folders.some((each) => folder.startsWith(`${each}/`));
    } catch {
      return false;
    }
  }).length;

const entries = (folder: string): number => {
  try {
    return readdirSync(folder, { recursive: true }).length;
  } catch {
    return 0;
  }
};

const measure = (folders: readonly string[]): Footprint => ({
  descriptors: descriptors(),
  threads: readdirSync('/proc/self/task').length,
  processes: processes() + strays(folders),
  files: folders.reduce((sum, folder) => sum + entries(folder), 0),
  handles: process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length,
});

/** Longest wait for what is on its way out: threads and processes take a moment to go. */
const SETTLING = 10_000;

/** The footprint once nothing is above `baseline` any more, or nothing changes that. */
export const settled = async (folders: readonly string[], baseline?: Footprint): Promise<Footprint> => {
  const until = Date.now() + SETTLING;
  for (;;) {
    await sleep(50);
    const now = measure(folders);
    if (baseline === undefined || COUNTS.every((count) => now[count] <= baseline[count])) return now;
    if (Date.now() >= until) return now;
  }
};
