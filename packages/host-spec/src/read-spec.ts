import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { errors } from './errors.ts';

const LARGEST_FILE = 1 << 20;

type Path = readonly PropertyKey[];

/** `guests[1].weight` */
const written = (path: Path): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');

/** Where a field is, or what is nearest to it above. */
const lineOf = (document: Document, lines: LineCounter, path: Path): number => {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined;
    if (node?.range?.[0] !== undefined) return lines.linePos(node.range[0]).line;
  }
  return 1;
};

/** A spec in YAML, of which JSON is a part. `source` names it in errors. Throws `VIV_SPEC_SYNTAX` and `VIV_SPEC_FIELD`. */
export const parseSpec = <Schema extends z.ZodType>(text: string, schema: Schema, source: string): z.output<Schema> => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw errors.make('VIV_SPEC_SYNTAX', `${source}: ${broken.message.split('\n')[0]}`);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that stand for more than a file of this size should.
    throw errors.make('VIV_SPEC_SYNTAX', `${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const path = issue?.path ?? [];
  const where = path.length === 0 ? '' : `${written(path)}: `;
  const line = lineOf(document, lines, path);
  throw errors.make('VIV_SPEC_FIELD', `${source}, line ${line}: ${where}${issue?.message}`, { details: { path } });
};

/** Reads and checks a spec, and names its folder, which relative paths in it are seen from. Rejects with coded errors. */
export const readSpec = async <Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<{ readonly spec: z.output<Schema>; readonly folder: string }> => {
  const file = resolve(path);
  const refuse = (why: string, cause?: unknown): Error => errors.make('VIV_SPEC_FILE', `${path}: ${why}`, { cause });
  let text: string;
  try {
    await using handle = await open(file);
    const bytes = Buffer.alloc(LARGEST_FILE + 1);
    const { bytesRead } = await handle.read(bytes);
    if (bytesRead > LARGEST_FILE) throw new RangeError(`it has more than ${LARGEST_FILE} bytes`);
    text = bytes.toString('utf8', 0, bytesRead);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
  return { spec: parseSpec(text, schema, path), folder: dirname(file) };
};
