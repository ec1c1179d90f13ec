import { appendFileSync, chmodSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditLog } from '../audit.ts';
import { type AuditEntry, auditEntry } from '../schemas.ts';
import { makeFolder } from './durable.ts';

export interface AuditFileOptions {
  /** Bytes of a file before the next is begun. Default 8 MiB. */
  readonly bytes?: number;
  /** Files that are kept, the present one included. Default 4. */
  readonly files?: number;
  /** Told when an entry cannot be written. */
  readonly onTrouble?: (error: unknown) => void;
}

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
};

/** A line of the log; undefined for what is none, such as one that a crash has cut short. */
const parse = (line: string): AuditEntry | undefined => {
  try {
    return auditEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
};

/**
 * An audit log of JSON lines, appended to `path`; older ones are `path.1`, `path.2`… An entry is with the operating system
 * when `write` returns, so that a killed process loses none.
 */
export const auditFile = async (path: string, options: AuditFileOptions = {}): Promise<AuditLog> => {
  const { bytes = 8 << 20, files = 4, onTrouble = () => {} } = options;
  await makeFolder(dirname(path));
  let size = sizeOf(path);
  // A line that a crash has cut short ends there.
  let ended = size === 0 || (await readFile(path, 'latin1')).endsWith('\n');
  const older = (index: number): string => (index === 0 ? path : `${path}.${index}`);
  const rotate = (): void => {
    for (let index = files - 2; index >= 0; index--) {
      if (sizeOf(older(index)) > 0) renameSync(older(index), older(index + 1));
    }
    size = 0;
  };
  return {
    write: (entry) => {
      const line = `${ended ? '' : '\n'}${JSON.stringify(entry)}\n`;
      try {
        if (size + line.length > bytes && size > 0) rotate();
        appendFileSync(path, line, { mode: 0o600 });
        if (size === 0) chmodSync(path, 0o600);
        size += Buffer.byteLength(line);
        ended = true;
      } catch (error) {
        onTrouble(error);
      }
    },
    last: async (most) => {
      const entries: AuditEntry[] = [];
      for (let index = 0; index < files && entries.length < most; index++) {
        const text = await readFile(older(index), 'utf8').catch(() => '');
        const lines = text.split('\n').flatMap((line) => parse(line) ?? []);
        entries.unshift(...lines.slice(-(most - entries.length)));
      }
      return entries;
    },
  };
};
