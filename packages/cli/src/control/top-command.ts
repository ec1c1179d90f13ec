import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@vivarium/client/node';
import { errors } from '../errors.ts';
import { jsonLine } from '../report.ts';
import type { Streams } from '../session.ts';
import { RawTerminal } from '../terminal.ts';
import { connectionOptions, defineCommand, secondsOf } from './command.ts';
import { type Load, loadBetween } from './top/measurement.ts';
import { loadLines, type Order, ORDERS, screenText } from './top/screen.ts';
import { untilOver } from './until-over.ts';

const LONGEST_INTERVAL = 3600;
const SHORTEST_INTERVAL = 100;
const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l\u001b[2J';
const INTERRUPT = '\u0003';

const isOrder = (key: string): key is Order => Object.hasOwn(ORDERS, key);

/** Looks again and again until the signal, and tells what was between. */
const follow = async (client: Client, interval: number, signal: AbortSignal, tell: (load: Load) => void) => {
  let before = await client.call('usage', {}, { signal });
  while (!signal.aborted) {
    await sleep(interval, undefined, { signal });
    const after = await client.call('usage', {}, { signal });
    tell(loadBetween(before, after));
    before = after;
  }
};

/** The live view. */
const live = (client: Client, streams: Streams, given: Order, interval: number): Promise<number> =>
  untilOver(streams, (over) => {
    const { stdin, stdout } = streams;
    const terminal = new RawTerminal(streams);
    const ending = new AbortController();
    let order = given;
    let load: Load | undefined;
    const draw = (): void => {
      if (load === undefined) return;
      const { columns = 80, rows = 24 } = stdout;
      stdout.write(screenText(load, order, { columns, rows }));
    };
    const typed = (bytes: Uint8Array): void => {
      for (const key of Buffer.from(bytes).toString('latin1')) {
        if (key === 'q' || key === INTERRUPT) {
          close();
          over(0);
        } else if (isOrder(key)) order = key;
      }
      if (!ending.signal.aborted) draw();
    };
    const close = (): void => {
      ending.abort();
      stdin.off('data', typed);
      stdin.pause();
      stdout.off('resize', draw);
      terminal.restore();
    };
    terminal.enter();
    terminal.watch(Buffer.from(ENTER_SCREEN));
    stdout.write(ENTER_SCREEN);
    stdin.on('data', typed);
    stdout.on('resize', draw);
    follow(client, interval, ending.signal, (next) => {
      load = next;
      draw();
    }).catch((error: unknown) => {
      if (ending.signal.aborted) return;
      close();
      over({ error });
    });
    return { close };
  });

/** JSON lines, one a look. */
const lines = (client: Client, streams: Streams, interval: number): Promise<number> =>
  untilOver(streams, (over) => {
    const ending = new AbortController();
    follow(client, interval, ending.signal, (load) => void streams.stdout.write(jsonLine(load))).catch(
      (error: unknown) => {
        if (!ending.signal.aborted) over({ error });
      },
    );
    return { close: () => ending.abort() };
  });

export const command = defineCommand({
  usage: 'top [options]',
  options: {
    once: { type: 'boolean', help: 'Print what one interval showed, and exit' },
    interval: { type: 'string', value: 'SECONDS', help: 'Between two looks (default 1)' },
    sort: { type: 'string', value: 'BY', help: 'cpu (default), wait, memory or name' },
    ...connectionOptions,
  },
  words: [0, 0],
  run: async ({ values, streams, connect }) => {
    const { once, json, sort = 'cpu' } = values;
    const interval = Math.max(SHORTEST_INTERVAL, secondsOf('interval', values.interval ?? '1', LONGEST_INTERVAL));
    const order = Object.entries(ORDERS).find(([, { title }]) => title.toLowerCase() === sort)?.[0];
    if (order === undefined || !isOrder(order)) {
      throw errors.make('VIV_USAGE', `--sort takes cpu, wait, memory or name, not '${sort}'`);
    }
    const client = await connect();
    const onTerminal = streams.stdout.isTTY === true && streams.stdin.isTTY === true;
    if (json === true && once !== true) return lines(client, streams, interval);
    if (json !== true && once !== true && onTerminal) return live(client, streams, order, interval);
    const before = await client.call('usage', {});
    await sleep(interval);
    const load = loadBetween(before, await client.call('usage', {}));
    const { columns = 80 } = streams.stdout;
    streams.stdout.write(json === true ? jsonLine(load) : `${loadLines(load, order, columns).join('\n')}\n`);
    return 0;
  },
});
