/**
 * What runs in the process of a process cell. Its working folder is its own; a host finds it by the socket there.
 * Arguments: `stay` for a cell that goes on when its host is gone.
 */
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { CellService } from '../cells/cell-service.ts';
import type { CellEnd } from '../cells/end.ts';
import { plainEnd } from '../cells/plain.ts';
import { EXCEPTION_CODE, EXCEPTION_MARK, FIRST_HOST, LAST_WORD, PATIENCE, SOCKET } from './process-protocol.ts';
import { socketChannel } from './frames.ts';

const stay = process.argv[2] === 'stay';

/** Bytes that parts may print in all: it goes to a file. */
let printable = 64 * 1024;
const print = process.stderr.write.bind(process.stderr);
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (text: Uint8Array | string): boolean => {
    const bytes = Buffer.from(text as string).subarray(0, printable);
    printable -= bytes.length;
    return bytes.length === 0 || print(bytes);
  };
}

process.on('uncaughtException', (error: unknown) => {
  print(`\n${EXCEPTION_MARK}${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(EXCEPTION_CODE);
});
// Hosts end cells by the channel, or by SIGKILL: an interrupt typed at a terminal is for the host.
process.on('SIGINT', () => {});

let met = false;
let ended = false;

const leave = async (): Promise<void> => {
  await service[Symbol.asyncDispose]().catch(() => {});
  process.exit(0);
};

const service = new CellService((end: CellEnd) => {
  ended = true;
  if (!stay) return;
  try {
    writeFileSync(LAST_WORD, JSON.stringify(plainEnd(end)));
  } catch {
    // A full disk: whoever comes will find the cell gone without a word.
  }
  if (!service.connected) void leave();
});

/** A host that came while another was there: it may be the next one, early. */
let next: Socket | undefined;

const serve = (socket: Socket): void => {
  met = true;
  service.connect(socketChannel(socket), () => {
    const successor = next;
    next = undefined;
    if (successor !== undefined && !successor.destroyed && stay) serve(successor);
    else if (!stay || ended) void leave();
  });
};

const server = createServer((socket) => {
  if (!service.connected) serve(socket);
  else if (next === undefined || next.destroyed) {
    next = socket;
    socket.on('error', () => socket.destroy());
    setTimeout(() => {
      if (next !== socket) return;
      next = undefined;
      socket.destroy();
    }, PATIENCE).unref();
  } else socket.destroy();
});
server.listen(SOCKET);
setTimeout(() => {
  if (!met) void leave();
}, FIRST_HOST).unref();
