import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { lockFolder } from '@vivarium/host-file/node';
import type { CellLimits } from '../cells/link.ts';
import { DEFAULT_HEAP } from './worker-cells.ts';

const DEFAULT_FILES = 256;
const KIBIBYTES = 1024;

/** The conditions that this process resolves modules by, as words for another. */
const conditions = (): readonly string[] => {
  const words = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return words.flatMap((word, index) => {
    if (/^(?:--conditions|-C)=/.test(word)) return [word.replace(/^-C/, '--conditions')];
    const next = words[index + 1];
    return (word === '--conditions' || word === '-C') && next !== undefined ? [`--conditions=${next}`] : [];
  });
};

/** `sh` sets the limits for what it then becomes. Shells differ in the letter for processes. */
const limitScript = ({ data, addressSpace, files = DEFAULT_FILES, processes }: CellLimits): string =>
  [
    'ulimit -c 0',
    `ulimit -n ${files}`,
    ...(data === undefined ? [] : [`ulimit -d ${data * KIBIBYTES}`]),
    ...(addressSpace === undefined ? [] : [`ulimit -v ${addressSpace * KIBIBYTES}`]),
    ...(processes === undefined ? [] : [`{ ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes}; }`]),
    'exec /usr/bin/env -i "$@"',
  ].join(' && ');

const SETPRIV = '/usr/bin/setpriv';

/** setpriv(1) of Linux: no privileges by set-user-id programs, none that root has, and death with the host. */
const privileges = (stay: boolean): readonly string[] => {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return [];
  const root = process.getuid?.() === 0;
  return [
    SETPRIV,
    '--no-new-privs',
    // Files of other users stay within root's reach: images are often theirs.
    ...(root ? ['--inh-caps', '-all', '--bounding-set', '-all,+dac_override'] : []),
    ...(stay ? [] : ['--pdeathsig', 'KILL']),
    '--',
  ];
};

export interface Confinement {
  readonly limits: CellLimits;
  /** It goes on when its host is gone. */
  readonly stay: boolean;
  /** The folder that it may write to. */
  readonly work: string;
  /** Files and folders besides that it may write to. */
  readonly writable: readonly string[];
  /** Files and folders that it may read; undefined: all that its user may. */
  readonly readable: readonly string[] | undefined;
  readonly main: string;
}

/** Where processes of this user tell each other which files they have open. */
const locks = (): readonly string[] => {
  const folder = lockFolder();
  return folder === undefined ? [] : [folder];
};

/** The command that becomes a cell: limits, then privileges, then Node with its permission model. */
export const confined = ({ limits, stay, work, writable, readable, main }: Confinement): readonly string[] => [
  '/bin/sh',
  '-c',
  limitScript(limits),
  'sh',
  ...privileges(stay),
  process.execPath,
  ...conditions(),
  `--max-old-space-size=${limits.heap ?? DEFAULT_HEAP}`,
  '--permission',
  '--allow-worker',
  ...(readable === undefined ? ['--allow-fs-read=*'] : readable.map((path) => `--allow-fs-read=${path}`)),
  ...[work, ...locks(), ...writable].map((path) => `--allow-fs-write=${path}`),
  main,
  stay ? 'stay' : 'go',
  tmpdir(),
];
