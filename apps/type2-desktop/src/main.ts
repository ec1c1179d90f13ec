import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runDesktop } from './desktop.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [file = fileURLToPath(new URL('../guests.yaml', import.meta.url))] = positionals;

// Ctrl-C asks the guests to power off; once more, and their processes end.
const signals = [new AbortController(), new AbortController()];
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => signals.find(({ signal }) => !signal.aborted)?.abort());
const [stop, kill] = signals.map(({ signal }) => signal);

if (stop !== undefined && kill !== undefined) {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const up = (): void => print(`Ctrl-C powers them off. Look at one with: ps -o pid,pcpu,rss,args -p PROCESS`);
  await runDesktop({ file, print, stop, kill, up }).catch((error: unknown) => {
    const { code = '', message } = error as { readonly code?: string; readonly message: string };
    process.stderr.write(`${code === '' ? '' : `${code}: `}${message}\n`);
    process.exitCode = 1;
  });
}
