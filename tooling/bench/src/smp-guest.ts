import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { virtBoard } from '@vivarium/board-virt';
import { CharPortToken } from '@vivarium/contracts';
import { prepareDebian, writeCpio } from '@vivarium/guest-debian';
import { createCell } from '@vivarium/host/node';
import { assemble } from '@vivarium/kernel';
import { COMPILER } from './guest.ts';

const SOURCE = fileURLToPath(new URL('../guest/smp/smp.c', import.meta.url));
const MEMORY = 256 * 1024 * 1024;

/** Images of a guest whose first process is guest/smp/smp.c. */
export interface SmpGuest {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

export const prepareSmpGuest = async (): Promise<SmpGuest> => {
  const debian = await prepareDebian({ onProgress: ({ message }) => process.stderr.write(`smp: ${message}\n`) });
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-smp-'));
  try {
    const binary = join(folder, 'smp');
    execFileSync(COMPILER, ['-O2', '-static', '-pthread', '-o', binary, SOURCE]);
    const overlay = writeCpio([
      { path: 'viv', type: 'directory', mode: 0o755 },
      { path: 'viv/smp', type: 'file', mode: 0o755, data: readFileSync(binary) },
    ]);
    return {
      kernel: readFileSync(debian.kernel),
      initrd: Buffer.concat([readFileSync(debian.initrd), overlay]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

export interface SmpRun {
  readonly cpus: number;
  readonly threads: boolean;
  /** Arguments of the first process. */
  readonly words: readonly (string | number)[];
}

/** Boots the guest, runs it to its end, and gives the lines that its first process has printed. */
export const runSmpGuest = async (
  { kernel, initrd }: SmpGuest,
  { cpus, threads, words }: SmpRun,
): Promise<readonly string[]> => {
  const boot = {
    kind: 'kernel',
    kernel: { name: 'linux', bytes: kernel },
    initrd: { name: 'initrd', bytes: initrd },
    commandLine: `console=ttyS0 rdinit=/viv/smp quiet -- ${words.join(' ')}`,
  } as const;
  await using machine = await assemble(virtBoard({ memory: MEMORY, cpus, threads, boot }));
  const decoder = new TextDecoder();
  let text = '';
  machine.get(CharPortToken, 'console0').onOutput((bytes) => {
    text += decoder.decode(bytes, { stream: true });
  });
  const outcome = await createCell(machine).run();
  if (outcome.kind !== 'power-off') throw new Error(`the guest ended with ${JSON.stringify(outcome)}\n${text}`);
  return [...text.matchAll(/^smp: (.*)\r?$/gm)].map(([, line]) => (line ?? '').trim());
};
