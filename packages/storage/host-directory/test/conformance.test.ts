import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsBackendModel, fsBackendSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { type Setting, temporary } from './temporary.ts';

const reference = () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'vivarium-model-'));
  return { root, fs, dispose: () => fs.rmSync(root, { recursive: true }) };
};

const isRoot = process.geteuid?.() === 0;
const settings: readonly (readonly [string, Setting])[] = [
  ['owners mapped', {}],
  ['held by path', { hold: 'paths' }],
  ['with few anchors', { anchors: 2 }],
  // Owners of the host can be given away by root only.
  ...(isRoot
    ? ([
        ['owners of the host', { ownership: 'host' }],
        ['by a user without rights', { humble: true }],
      ] as const)
    : []),
];

describe.each(settings)('a directory of the host, %s, as a file system backend', (_name, setting) => {
  it.each(fsBackendSuite(() => temporary(setting)))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  it.each(fsBackendModel(() => temporary(setting), reference))('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
});
