import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runType1Host } from './type1-host.ts';

const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { audit: { type: 'string', default: join(state, 'vivarium/type1-audit.jsonl') } },
});
const [file = fileURLToPath(new URL('../guests.yaml', import.meta.url))] = positionals;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
const print = (line: string): void => void process.stderr.write(`${line}\n`);
const { audit } = values;
print(`audit log: ${audit}`);
try {
  process.exitCode = (await runType1Host({ file, audit, streams: process, stop: stop.signal, print })) ? 0 : 1;
} catch (error) {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  print(code === '' ? message : `${code}: ${message}`);
  process.exitCode = 1;
}
