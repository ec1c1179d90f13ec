#!/usr/bin/env node
import type { Writable } from 'node:stream';
import { prepareEngine } from './engine.ts';

prepareEngine();

/** Resolves when everything written so far has left the process, or has nowhere to go. */
const flushed = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.errored !== null) resolve();
    else stream.write('', () => resolve());
  });

// A reader that goes away is an ordinary end, seen where it matters; without a listener it would be a crash.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const program = import('./index.ts');
void program
  .then(({ main }) => main(process.argv.slice(2), process))
  .then(async (code) => {
    await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
    // A plugin that leaves a timer or a socket open must not keep the process.
    process.exit(code);
  });
