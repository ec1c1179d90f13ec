import { basename, resolve } from 'node:path';
import { splitArgument } from './argument-fields.ts';

/** A `--share` argument taken apart. */
export interface ShareArgument {
  readonly path: string;
  readonly tag: string;
  readonly readOnly: boolean;
  readonly protocol: 'virtiofs' | '9p';
  readonly cache: 'auto' | 'always' | 'none';
  /** File in which owners, modes and extended attributes of the guest's outlive the machine. */
  readonly records: string | undefined;
}

const FIELDS = { flags: ['ro', '9p'], values: ['tag', 'cache', 'records'] };
const CACHES = ['auto', 'always', 'none'] as const;

/** Reads `DIR[,tag=TAG][,ro][,9p][,cache=auto|always|none][,records=FILE]`. Gives what is wrong as text. */
export const parseShareArgument = (text: string): ShareArgument | string => {
  const parts = splitArgument(text, FIELDS);
  const path = parts.head;
  if (path === '') return 'names no directory';
  const tag = parts.value('tag') ?? basename(resolve(path));
  if (tag === '' || tag.includes(',') || Buffer.byteLength(tag) > 36) {
    return `has the tag '${tag}'; it takes 1 to 36 bytes without a comma: give one with tag=`;
  }
  const cache = CACHES.find((each) => each === (parts.value('cache') ?? 'auto'));
  if (cache === undefined) return `has the cache '${parts.value('cache')}'; there are ${CACHES.join(', ')}`;
  return {
    path,
    tag,
    readOnly: parts.has('ro'),
    protocol: parts.has('9p') ? '9p' : 'virtiofs',
    cache,
    records: parts.value('records'),
  };
};
