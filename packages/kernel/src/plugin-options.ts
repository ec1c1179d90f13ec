import type { SchemaIssue, SchemaResult } from '@vivarium/contracts';
import { EXPIRED, within } from './deadline.ts';
import { errors } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { quote } from './spec.ts';

/** Enough to correct a spec by; a schema may return as many as it likes. */
const MAX_ISSUES = 8;

/** `disks[0].path` from what a schema gives as a path; empty for the options as a whole. */
const formatPath = (path: SchemaIssue['path']): string =>
  (path ?? [])
    .map((step) => (typeof step === 'object' ? step.key : step))
    .reduce<string>((text, key) => {
      if (typeof key === 'number') return `${text}[${key}]`;
      return text === '' ? String(key) : `${text}.${String(key)}`;
    }, '');

const describe = (issue: SchemaIssue): string => {
  const path = formatPath(issue.path);
  return `${path === '' ? 'options' : `option "${path}"`}: ${issue.message}`;
};

/**
 * Parses the options of a part by its plugin's schema; absent options are parsed as `{}`, so that defaults apply.
 * A schema may answer later, within `deadline` milliseconds. Throws `VIV_OPTIONS_INVALID`.
 */
export const parseOptions = async (
  part: string,
  manifest: Manifest,
  options: unknown,
  deadline: number,
): Promise<unknown> => {
  const refuse = (problem: string, issues: readonly SchemaIssue[] = [], cause?: unknown) =>
    errors.make('VIV_OPTIONS_INVALID', `part "${part}" (${manifest.name}): ${problem}`, {
      cause,
      details: {
        part,
        plugin: manifest.name,
        ...(issues[0] === undefined ? {} : { path: formatPath(issues[0].path) }),
        issues: issues.map((issue) => ({ path: formatPath(issue.path), message: issue.message })),
      },
    });
  const schema = manifest.options;
  if (schema === undefined) {
    if (options === undefined) return undefined;
    throw refuse('options: the plugin takes none');
  }
  let result: SchemaResult<unknown> | typeof EXPIRED;
  try {
    result = await within(deadline, () => schema['~standard'].validate(options === undefined ? {} : options));
  } catch (error) {
    throw refuse(`options: the schema threw ${quote(String(error))}`, [], error);
  }
  if (result === EXPIRED) throw refuse(`options: the schema gave no answer in ${deadline} ms`);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, MAX_ISSUES);
  throw refuse(issues.map(describe).join('; '), issues);
};
