import { resolve } from 'node:path';
import { type DaemonOptions, startDaemon } from '@vivarium/daemon';
import { TokenBucket } from '@vivarium/token-bucket';
import { parseGdbAddress as parseAddress } from '../arguments/gdb-address.ts';
import { parseMemorySize } from '../arguments/memory-size.ts';
import { errors } from '../errors.ts';
import { Progress } from '../progress.ts';
import { coded, jsonLine } from '../report.ts';
import { runTemplate } from '../template.ts';
import { programVersion } from '../version.ts';
import { defineCommand } from './command.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { defaultSocket, defaultState } from './places.ts';
import { plainText } from './text-table.ts';

const MOST_PCPUS = 256;
/** Lines about what went wrong: guests can cause it. */
const TROUBLE = { rate: 1, burst: 50 };

const usage = (message: string): Error => errors.make('VIV_USAGE', message);

interface Given {
  readonly listen?: string | undefined;
  readonly tokens?: string | undefined;
  readonly origin?: readonly string[] | undefined;
}

const originOf = (text: string): string => {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  if (origin === 'null' || origin !== text.replace(/\/$/, '')) {
    throw usage(`--origin takes scheme, name and port such as http://localhost:8080, not '${text}'`);
  }
  return origin;
};

const tcpOf = ({ listen, tokens, origin = [] }: Given): DaemonOptions['tcp'] => {
  if (listen === undefined) {
    if (tokens !== undefined || origin.length > 0) throw usage('--tokens and --origin go with --listen');
    return undefined;
  }
  const address = parseAddress(listen);
  if (address === undefined) throw usage(`--listen takes a port or HOST:PORT, not '${listen}'`);
  if (tokens === undefined) throw usage('--listen takes a file of --tokens: who comes over TCP is nobody without');
  return { ...address, tokens: resolve(tokens), origins: origin.map(originOf) };
};

const memoryOf = (text: string): number => {
  const bytes = parseMemorySize(text);
  if (bytes === undefined) throw usage(`--memory takes a size such as 8G, not '${text}'`);
  return bytes;
};

/** Says what went wrong, as long as that is not too often. */
const troubleTeller = (write: (text: string) => unknown): NonNullable<DaemonOptions['onTrouble']> => {
  const bucket = new TokenBucket(TROUBLE, performance.now() * 1e6);
  return (what, error) => {
    if (!bucket.take(1, performance.now() * 1e6)) return;
    const text = error instanceof Error ? `${coded(error).code}: ${error.message}` : JSON.stringify(error);
    write(`viv: ${plainText(what)}: ${plainText(text)}\n`);
  };
};

/** Resolves at the first signal that ends a program; a second one ends it at once. */
const signalled = (): Promise<void> =>
  new Promise((done) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(1);
        done();
      });
    }
  });

export const command = defineCommand({
  usage: 'daemon [options]',
  options: {
    socket: { type: 'string', value: 'PATH', help: 'Unix socket to listen on' },
    state: { type: 'string', value: 'DIR', help: 'Folder for what is known of machines' },
    pcpus: { type: 'string', value: 'N', help: 'pCPUs that machines share (default: CPUs of this computer)' },
    memory: { type: 'string', value: 'SIZE', help: 'Memory for guests (default: three quarters of this computer)' },
    listen: { type: 'string', value: '[HOST:]PORT', help: 'Listen over TCP on the loopback, too; takes --tokens' },
    tokens: { type: 'string', value: 'FILE', help: 'Who may come over TCP, as what: JSON, mode 0600' },
    origin: {
      type: 'string',
      value: 'ORIGIN',
      multiple: true,
      help: 'Let web pages of ORIGIN in, such as http://localhost:8080 (repeatable)',
    },
  },
  words: [0, 0],
  examples: ['daemon', 'daemon --pcpus 2 --listen 7070 --tokens tokens.json'],
  run: async ({ values, streams }) => {
    const { socket = defaultSocket(), state = defaultState(), pcpus, memory } = values;
    const tcp = tcpOf(values);
    const say = (text: string): void => void streams.stderr.write(text);
    const progress = new Progress(streams.stderr);
    const ending = signalled();
    const daemon = await startDaemon({
      socket: resolve(socket),
      state: resolve(state),
      ...(pcpus === undefined ? {} : { pcpus: wholeNumber('pcpus', pcpus, 1, MOST_PCPUS) }),
      ...(memory === undefined ? {} : { memory: memoryOf(memory) }),
      ...(tcp === undefined ? {} : { tcp }),
      templates: { run: runTemplate({ onProgress: (report) => progress.report(report) }) },
      version: programVersion(),
      onTrouble: troubleTeller(say),
    });
    const { url } = daemon;
    streams.stdout.write(
      values.json === true
        ? jsonLine({ socket: daemon.socket, ...(url === undefined ? {} : { url }), pid: process.pid })
        : [daemon.socket, ...(url === undefined ? [] : [url])].map((where) => `listening on ${where}\n`).join(''),
    );
    await ending;
    await daemon.leave();
    return 0;
  },
});
