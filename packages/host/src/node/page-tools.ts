import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { PAGE_BYTES } from '@vivarium/contracts';
import type { PageFile, PageTools } from '../memory/page-tools.ts';
import { enableMemoryControl } from './memory-control.ts';

class HostPageFile implements PageFile {
  #descriptor: number | undefined;

  constructor(path: string, flags: string) {
    this.#descriptor = openSync(path, flags, 0o600);
  }

  write(slot: number, page: Uint8Array): void {
    const written = writeSync(this.#open(), page, 0, PAGE_BYTES, slot * PAGE_BYTES);
    if (written !== PAGE_BYTES) throw new Error(`only ${written} bytes of a page fitted`);
  }

  read(slot: number, into: Uint8Array): void {
    const read = readSync(this.#open(), into, 0, PAGE_BYTES, slot * PAGE_BYTES);
    if (read !== PAGE_BYTES) throw new Error(`the file ends in the middle of slot ${slot}`);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new Error('the file is closed');
    return this.#descriptor;
  }
}

/** A new file of pages; whoever makes it removes it. */
export const createPageFile = (path: string): PageFile => new HostPageFile(path, 'wx+');

/** Keeps pages by what Node has, with swap files in `folder`. */
export const nodePageTools = (folder: string = tmpdir()): PageTools => ({
  enable: enableMemoryControl,
  compress: (page) => deflateRawSync(page, { level: constants.Z_BEST_SPEED }),
  decompress: (packed, into) => {
    const bytes = inflateRawSync(packed, { maxOutputLength: PAGE_BYTES });
    if (bytes.length !== PAGE_BYTES) throw new Error('it is no page');
    into.set(bytes);
  },
  openSwap: () => {
    const path = join(folder, `swap-${randomBytes(8).toString('hex')}`);
    const file = createPageFile(path);
    // Without a name it is gone with whoever has it open, also after SIGKILL.
    unlinkSync(path);
    return file;
  },
  openShared: (path) => new HostPageFile(path, 'r'),
});
