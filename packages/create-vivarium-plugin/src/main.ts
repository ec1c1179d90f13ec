#!/usr/bin/env node
import { main } from './main-program.ts';

const run = async (): Promise<void> => {
  process.exitCode = await main(process.argv.slice(2), process);
};

void run();
