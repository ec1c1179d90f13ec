/**
 * The `viv` command: runs a RISC-V machine made of plugins, with the guest's console on the terminal or one command's
 * output on standard output. `viv --help` lists the options, keys and exit codes.
 *
 * @example
 * import { main } from '@vivarium/cli';
 *
 * process.exitCode = await main(['run', 'debian', '--exec', 'uname -m'], process);
 *
 * @module
 */
import type { VivariumError } from '@vivarium/contracts';
import { runCommand } from './control/run-command.ts';
import { controlCommand } from './control/table.ts';
import { parseCommandLine, type RunRequest } from './command-line.ts';
import { disassembly } from './disassembly.ts';
import { ExitCode } from './exit-code.ts';
import { helpText } from './help.ts';
import { readImage } from './image-file.ts';
import { makeImage } from './make-image.ts';
import { profileText } from './profiler.ts';
import { coded, errorObject, errorText, exitCodeOf, jsonLine } from './report.ts';
import { type RunResult, run } from './run.ts';
import type { Streams } from './session.ts';
import { statisticsText } from './statistics.ts';
import { programVersion } from './version.ts';

/** Runs `viv` with `args` (without the program's own name) and returns its exit code. Never rejects. */
export const main = async (args: readonly string[], streams: Streams): Promise<number> => {
  // What follows `--` is for a guest.
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const json = own.includes('--json');
  const fail = (error: VivariumError): void => {
    if (json) streams.stdout.write(jsonLine({ error: errorObject(error) }));
    streams.stderr.write(errorText(error, own.includes('--verbose')));
  };
  try {
    const [name, ...rest] = args;
    const row = controlCommand(name);
    if (row !== undefined) return await runCommand((await row.load()).command, rest, streams);
    const request = parseCommandLine(args);
    switch (request.action) {
      case 'help':
        streams.stdout.write(helpText());
        return ExitCode.powerOff;
      case 'version':
        streams.stdout.write(`${programVersion()}\n`);
        return ExitCode.powerOff;
      case 'disassemble':
        return await list(request.file, streams);
      case 'image':
        await makeImage(request, streams);
        return ExitCode.powerOff;
      case 'run':
        return report(request, await run(request, streams), streams);
    }
  } catch (error) {
    const known = coded(error);
    fail(known);
    return exitCodeOf(known);
  }
};

const report = (request: RunRequest, result: RunResult, streams: Streams): number => {
  const { error, ...rest } = result;
  if (result.profile !== undefined && !request.json) streams.stderr.write(profileText(result.profile));
  if (result.statistics !== undefined && !request.json) streams.stderr.write(statisticsText(result.statistics));
  if (request.json) {
    streams.stdout.write(jsonLine({ ...rest, ...(error === undefined ? {} : { error: errorObject(error) }) }));
  }
  if (error !== undefined) streams.stderr.write(errorText(error, request.verbose));
  return result.exitCode;
};

/** Characters of a listing that are gathered before they are written. */
const BATCH = 1 << 16;

/** Writes a listing as fast as its reader takes it, until the reader has seen enough. */
const list = async (file: string, { stdout }: Streams): Promise<number> => {
  let gone = false;
  const closed = new Promise<void>((resolve) => {
    stdout.once('error', () => {
      gone = true;
      resolve();
    });
  });
  const flush = async (text: string): Promise<void> => {
    if (stdout.write(text)) return;
    await Promise.race([new Promise<void>((resolve) => stdout.once('drain', resolve)), closed]);
  };
  let text = '';
  for (const line of disassembly(await readImage('--disasm', file))) {
    text += `${line}\n`;
    if (text.length < BATCH) continue;
    await flush(text);
    text = '';
    if (gone) return ExitCode.outputClosed;
  }
  await flush(text);
  return gone ? ExitCode.outputClosed : ExitCode.powerOff;
};

export { errorTable } from './errors.ts';
export type { Streams } from './session.ts';
