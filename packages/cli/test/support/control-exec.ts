import type { Control, Principal } from '@vivarium/control';

/** Whoever tests: may do everything. */
export const me: Principal = { name: 'test', role: 'admin', via: 'process' };

/** What a command in a guest wrote, and its exit code. */
export interface Done {
  readonly output: string;
  readonly errors: string;
  readonly code: number | undefined;
}

/** Runs a command in a guest; `wait` milliseconds at most for its agent. */
export const exec = (control: Control, name: string, command: string, wait?: number): Promise<Done> =>
  new Promise((resolve, reject) => {
    const pieces: Record<number, Uint8Array[]> = { 1: [], 2: [] };
    const text = (channel: number): string => Buffer.concat(pieces[channel] ?? []).toString();
    let code: number | undefined;
    const input = { name, command, ...(wait === undefined ? {} : { wait }) };
    control.open(me, 'exec', input, {
      bytes: (channel, bytes) => {
        pieces[channel]?.push(bytes);
        return true;
      },
      note: (note) => {
        code = note.code;
        return true;
      },
      end: (error) => {
        if (error instanceof Error) reject(error);
        else resolve({ output: text(1), errors: text(2), code });
      },
    });
  });
