import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { CellService } from '../cells/cell-service.ts';
import type { CellEnd } from '../cells/end.ts';
import { plainEnd } from '../cells/plain.ts';
import { createCell } from './create-cell.ts';
import { nodePageTools } from './page-tools.ts';
import { socketChannel } from './frames.ts';
import { FIRST_HOST, LAST_WORD, PATIENCE, SOCKET } from './process-protocol.ts';

/** The inside of a process cell: serves one host at a time on the socket in the working folder. */
export class ProcessCell {
  readonly #stay: boolean;
  readonly #exit: () => void;
  readonly #service = new CellService(createCell, (end) => this.#over(end), nodePageTools('.'));
  #met = false;
  #ended = false;
  /** A host that came while another was there: it may be the next one, early. */
  #next: Socket | undefined;

  /** `stay`: it goes on when its host is gone. `exit` ends the process. */
  constructor(stay: boolean, exit: () => void) {
    this.#stay = stay;
    this.#exit = exit;
  }

  listen(): void {
    createServer((socket) => this.#arrive(socket)).listen(SOCKET);
    setTimeout(() => {
      if (!this.#met) void this.#leave();
    }, FIRST_HOST).unref();
  }

  #arrive(socket: Socket): void {
    if (!this.#service.connected) {
      this.#serve(socket);
      return;
    }
    socket.on('error', () => socket.destroy());
    if (this.#next !== undefined && !this.#next.destroyed) {
      socket.destroy();
      return;
    }
    this.#next = socket;
    setTimeout(() => {
      if (this.#next !== socket) return;
      this.#next = undefined;
      socket.destroy();
    }, PATIENCE).unref();
  }

  #serve(socket: Socket): void {
    this.#met = true;
    this.#service.connect(socketChannel(socket), () => {
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined && !next.destroyed && this.#stay) this.#serve(next);
      else if (!this.#stay || this.#ended || this.#service.empty) void this.#leave();
    });
  }

  #over(end: CellEnd): void {
    this.#ended = true;
    if (!this.#stay) return;
    try {
      writeFileSync(LAST_WORD, JSON.stringify(plainEnd(end)));
    } catch {
      // A full disk: whoever comes will find the cell gone without a word.
    }
    if (!this.#service.connected) void this.#leave();
  }

  async #leave(): Promise<void> {
    // What a part does wrong now is told to nobody.
    await this.#service[Symbol.asyncDispose]().catch(() => {});
    this.#exit();
  }
}
