import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the kernel's units; empty where the kernel does not say (it does on Linux). */
  readonly began: string;
}

/** Field 22 of proc(5) `stat`, counted behind the name, which may hold spaces and brackets; a zombie has gone. */
const beganOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? '');
  } catch {
    return process.platform === 'linux' ? undefined : '';
  }
};

export const identityOf = (pid: number): ProcessIdentity => ({ pid, began: beganOf(pid) ?? '' });

/** Whether it still runs. */
export const isAlive = ({ pid, began }: ProcessIdentity): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false;
  if (process.platform === 'linux') return began !== '' && beganOf(pid) === began;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Ends it, and its group where it leads one; nothing when it is gone. */
export const endProcess = (identity: ProcessIdentity): void => {
  if (!isAlive(identity)) return;
  for (const target of [-identity.pid, identity.pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // Gone meanwhile, or no leader of a group.
    }
  }
};
