import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { asRaw, checkFileSystem, type ImageFormat, makeImage, readInside } from './image.ts';
import { firstLost, safeNumbers } from './lines.ts';

const VIV = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
/** A guest that has said nothing by then never will. */
const PATIENCE = 400_000;

/** Appends lines, each flushed before it is named; beside it, files come and go, so that the journal has work. */
const WRITER = `
mount /dev/vda /mnt || exit 1
(while :; do cp /bin/busybox /mnt/copy; rm /mnt/copy; done) &
i=0
while :; do
  echo "line $i" | dd of=/mnt/log oflag=append conv=notrunc,fsync 2>/dev/null || exit 1
  echo "safe $i"
  i=$((i + 1))
done`;

export interface RoundOptions {
  readonly image: string;
  readonly format: ImageFormat;
  readonly bus: string;
  /** Milliseconds between the first promise and the kill. */
  readonly delay: number;
}

export interface RoundResult {
  readonly promised: number;
  readonly problem: string | undefined;
}

/** Runs the writer until the delay is over, and gives what the guest promised. */
const killedInTheMiddle = ({ image, format, bus, delay }: RoundOptions): Promise<readonly number[]> =>
  new Promise((resolve, reject) => {
    const run = ['run', 'debian', '--disk', `${image},format=${format}`, '--bus', bus, `--exec=${WRITER}`];
    const child = spawn(process.execPath, ['--conditions=@vivarium/source', VIV, ...run], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    let begun = false;
    const kill = (): void => void child.kill('SIGKILL');
    const patience = setTimeout(kill, PATIENCE);
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      if (!begun) setTimeout(kill, delay);
      begun = true;
    });
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(patience);
      if (signal === 'SIGKILL' && begun) resolve(safeNumbers(output));
      else reject(new Error(`the guest ended by itself (${code ?? signal}): ${errors}`));
    });
  });

/** One machine, killed; and what the host finds on its disk. */
export const crashRound = async (options: RoundOptions): Promise<RoundResult> => {
  const { image, format } = options;
  makeImage(image, format);
  const promised = await killedInTheMiddle(options);
  const { raw, problem } = asRaw(image, format);
  if (problem !== undefined) return { promised: promised.length, problem };
  const wrong = checkFileSystem(raw);
  const lost = firstLost(promised, readInside(raw, '/log'));
  return {
    promised: promised.length,
    problem: wrong ?? (lost === undefined ? undefined : `line ${lost} was flushed, and is gone`),
  };
};
