import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { errors } from '../errors.ts';
import type { JournalFile } from '../record-journal.ts';

/** A journal on the host. It must not lie in a directory that a guest can change. */
class HostJournalFile implements JournalFile {
  readonly name: string;
  readonly readOnly: boolean;
  #descriptor: number | undefined;

  constructor(name: string, readOnly: boolean) {
    this.name = name;
    this.readOnly = readOnly;
  }

  read(): Uint8Array {
    return this.#safely(() => (fs.existsSync(this.name) ? fs.readFileSync(this.name) : new Uint8Array(0)));
  }

  append(bytes: Uint8Array): void {
    this.#safely(() => fs.appendFileSync((this.#descriptor ??= fs.openSync(this.name, 'a', 0o600)), bytes));
  }

  replace(pieces: Iterable<Uint8Array>): void {
    const fresh = `${this.name}.new`;
    this.#safely(() => {
      this.close();
      const file = fs.openSync(fresh, 'w', 0o600);
      try {
        for (const piece of pieces) fs.writeFileSync(file, piece);
        fs.fsyncSync(file);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(fresh, this.name);
      const directory = fs.openSync(dirname(this.name), 'r');
      fs.fsyncSync(directory);
      fs.closeSync(directory);
    });
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #safely<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw errors.make('VIV_HOST_DIRECTORY_RECORDS', `${this.name}: ${message}`, {
        cause,
        details: { file: this.name },
      });
    }
  }
}

/** A file for a journal, which is made when there is none. The caller closes it when the machine is gone. */
export const openJournalFile = (
  path: string,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): JournalFile & { close(): void } => new HostJournalFile(path, readOnly);
