import type { ClientStream } from '@vivarium/client/node';
import type { EventView } from '@vivarium/control';
import { jsonLine } from '../report.ts';
import { connectionOptions, defineCommand } from './command.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { OutputGate } from './output-gate.ts';
import { plainText } from './text-table.ts';
import { untilOver } from './until-over.ts';

const LARGEST_SEQUENCE = 1e15;

const lineOf = ({ sequence, time, machine, name, event }: EventView): string => {
  const told = JSON.stringify(event);
  const details = told === 'null' || told === '{}' ? '' : `  ${told}`;
  return `${plainText(`${sequence}  ${new Date(time).toISOString()}  ${machine}  ${name}${details}`)}\n`;
};

export const command = defineCommand({
  usage: 'events [options]',
  options: {
    follow: { type: 'boolean', short: 'f', help: 'Go on with what happens' },
    machine: { type: 'string', value: 'NAME', help: 'Of this one alone' },
    since: { type: 'string', value: 'N', help: 'Begin after event N (default: with the oldest that is kept)' },
    ...connectionOptions,
  },
  words: [0, 0],
  run: async ({ values, streams, connect }) => {
    const { follow, json, machine } = values;
    const since = wholeNumber('since', values.since ?? '0', 0, LARGEST_SEQUENCE);
    const input = { since, ...(machine === undefined ? {} : { machine }) };
    const client = await connect();
    return untilOver(streams, (over) => {
      const gate = new OutputGate([streams.stdout], () => stream.resume());
      const say = (text: string): boolean => gate.write(0, new TextEncoder().encode(text));
      const stream: ClientStream<'events'> = client.open('events', input, {
        note: (note) => {
          if (note.kind === 'live') {
            if (follow === true) return;
            stream.close();
            over(0);
          } else if (note.kind === 'lost') streams.stderr.write(`viv: ${note.events} events are lost\n`);
          else say(json === true ? jsonLine(note.event) : lineOf(note.event));
        },
        end: (error) => over(error === undefined ? 0 : { error }),
      });
      return stream;
    });
  },
});
