import { runJobs } from '../src/job-machine.ts';
import { backgroundThreads } from 'vivarium-browser-shell/start-background-thread';
import type { Answer } from './page.ts';

const image = async (name: string): Promise<{ readonly name: string; readonly bytes: Uint8Array }> => {
  const response = await fetch(`/${name}`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
};

const answer = (data: Answer): void => globalThis.postMessage(data, {});

globalThis.addEventListener('message', ({ data: commandLine }: MessageEvent<string>) => {
  const start = performance.now();
  void Promise.all([image('kernel'), image('initrd')])
    .then(([kernel, initrd]) =>
      runJobs({ kernel, initrd, commandLine, translate: true, start, cell: backgroundThreads() }),
    )
    .then(({ times }) => answer({ times }))
    .catch((error: unknown) => answer({ error: String(error) }));
});
