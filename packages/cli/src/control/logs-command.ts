import type { ClientStream } from '@vivarium/client/node';
import { Console } from '../machine-spec.ts';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { OutputGate } from './output-gate.ts';
import { untilOver } from './until-over.ts';

const MOST_BYTES = 1 << 20;

export const command = defineCommand({
  usage: 'logs NAME [options]',
  options: {
    follow: { type: 'boolean', short: 'f', help: 'Go on with what the guest writes' },
    console: { type: 'string', value: 'CONSOLE', help: `Another console than ${Console.terminal}` },
    bytes: { type: 'string', value: 'N', help: 'Only the last N bytes of what is kept' },
    ...connectionOptions,
  },
  words: [1, 1],
  run: async ({ values, words: [name = ''], streams, connect }) => {
    const { console = Console.terminal, bytes, follow, json } = values;
    const scrollback = bytes === undefined ? {} : { scrollback: wholeNumber('bytes', bytes, 0, MOST_BYTES) };
    const client = await connect();
    if (follow !== true) {
      const answer = await client.call('logs', { name, console, ...scrollback });
      streams.stdout.write(json === true ? jsonLine(answer) : answer.text);
      return 0;
    }
    return untilOver(streams, (over) => {
      const gate = new OutputGate([streams.stdout], () => stream.resume());
      const stream: ClientStream<'watch'> = client.open(
        'watch',
        { name, console, ...scrollback },
        {
          bytes: (_channel, piece) => gate.write(0, piece),
          note: (note) => {
            if (note.kind === 'lost') streams.stderr.write(`viv: ${note.bytes} bytes of output are lost\n`);
          },
          end: (error) => over(error === undefined ? 0 : { error }),
        },
      );
      return stream;
    });
  },
});
