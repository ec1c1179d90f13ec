import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Workspace } from '../workspace.ts';

/** Longest file that is not a table, in lines. */
export const LONGEST_FILE = 500;
/** Bound of the median length of the published sources, in lines. */
export const MEDIAN_FILE = 150;

const CODE_FILE = /\.(?:ts|tsx|mts|mjs|css|html)$/;
const TABLE_FILE = /(?:^|[/-])tables?(?:[-./]|$)/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
// What these names say is only that nobody knew what the file is.
const EMPTY_WORDS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'managers', 'misc']);

const lineCount = (root: string, file: string): number => {
  const text = readFileSync(join(root, file), 'utf8');
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
};

/** The middle of `values`; 0 when there is none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
};

/** Rules about names and lengths of files. */
export const checkFiles = (workspace: Workspace): Finding[] => {
  const code = workspace.files.filter((file) => CODE_FILE.test(file));
  const findings = code.flatMap((file): Finding[] => {
    const found: Finding[] = [];
    const lines = lineCount(workspace.root, file);
    if (lines > LONGEST_FILE && !TABLE_FILE.test(file)) {
      found.push({
        rule: 'file-length',
        where: file,
        what: `${lines} lines; at most ${LONGEST_FILE} unless its name says table`,
      });
    }
    for (const segment of file.split('/')) {
      const empty = segment.split(/[-.]/).find((word) => EMPTY_WORDS.has(word));
      if (empty !== undefined)
        found.push({ rule: 'empty-name', where: file, what: `"${empty}" says nothing about the content` });
    }
    const name = file.split('/').at(-1) ?? file;
    if (!KEBAB_CASE.test(name)) found.push({ rule: 'kebab-case', where: file, what: `"${name}" is not kebab-case` });
    return found;
  });
  const published = code.filter((file) => /^packages\/.*\/src\//.test(file) && !TABLE_FILE.test(file));
  const middle = median(published.map((file) => lineCount(workspace.root, file)));
  if (middle > MEDIAN_FILE) {
    findings.push({
      rule: 'median-length',
      where: 'packages',
      what: `median source file is ${middle} lines; at most ${MEDIAN_FILE}`,
    });
  }
  return findings;
};
