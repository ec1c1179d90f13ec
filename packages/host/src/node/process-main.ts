/**
 * What runs in the process of a process cell. Its working folder is its own; a host finds it by the socket there.
 * Arguments: `stay` for a cell that goes on when its host is gone, or `go`; the host's folder for temporary files.
 */
import { ProcessCell } from './process-cell.ts';
import { EXCEPTION_CODE, EXCEPTION_MARK } from './process-protocol.ts';
import { boundOutput } from './bound-output.ts';

/** Bytes that parts may print in all: it goes to a file. */
const PRINTABLE = 64 * 1024;

// The one thing in its environment: where locks of files are looked for.
process.env['TMPDIR'] = process.argv[3];

const print = boundOutput(PRINTABLE);
process.on('uncaughtException', (error: unknown) => {
  print(`\n${EXCEPTION_MARK}${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(EXCEPTION_CODE);
});
// Hosts end cells by the channel, or by SIGKILL: an interrupt typed at a terminal is for the host.
process.on('SIGINT', () => {});

new ProcessCell(process.argv[2] === 'stay', () => process.exit(0)).listen();
