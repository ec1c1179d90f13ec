import type { ClientStream } from '@vivarium/client/node';
import { Captured } from '../captured.ts';
import { errors } from '../errors.ts';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand, secondsOf } from './command.ts';
import { OutputGate } from './output-gate.ts';
import { untilOver } from './until-over.ts';

const LONGEST_WAIT = 600;

/** One word is for the guest's shell; several stay apart, as they were for the shell here. */
export const commandText = (words: readonly string[]): string =>
  words.length === 1 ? (words[0] ?? '') : words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');

export const command = defineCommand({
  usage: 'exec NAME [options] -- COMMAND…',
  options: {
    wait: { type: 'string', value: 'SECONDS', help: 'Time for a guest that still boots (default 30)' },
    ...connectionOptions,
  },
  words: [2, Number.POSITIVE_INFINITY],
  examples: ['exec web -- uname -m', "exec web -- 'dmesg | tail'"],
  run: async ({ values, words: [name = '', ...words], streams, connect }) => {
    const { wait, json } = values;
    const captured = json === true ? { output: new Captured(), errors: new Captured() } : undefined;
    const sinks = captured === undefined ? [streams.stdout, streams.stderr] : [captured.output, captured.errors];
    const input = {
      name,
      command: commandText(words),
      ...(wait === undefined ? {} : { wait: secondsOf('wait', wait, LONGEST_WAIT) }),
    };
    const client = await connect();
    const code = await untilOver(streams, (over) => {
      let exit: number | undefined;
      const gate = new OutputGate(sinks, () => stream.resume());
      const stream: ClientStream<'exec'> = client.open('exec', input, {
        bytes: (channel, bytes) => gate.write(channel - 1, bytes),
        note: (note) => {
          exit = note.code;
        },
        end: (error) => {
          if (error !== undefined) over({ error });
          else over(exit ?? { error: errors.make('VIV_EXEC_UNFINISHED', 'the command ended without an exit code') });
        },
      });
      return stream;
    });
    if (captured !== undefined) {
      const { output, errors: complaints } = captured;
      const truncated = output.truncated || complaints.truncated;
      streams.stdout.write(
        jsonLine({ exitCode: code, exec: { stdout: output.text, stderr: complaints.text, truncated } }),
      );
    }
    return code;
  },
});
