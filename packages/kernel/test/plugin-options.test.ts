import type { Schema, SchemaResult } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import { plugin, rejection } from './specimens.ts';

const schema = (
  validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>,
): Schema<never> => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as Schema<never>['~standard']['validate'] },
});
const run = (options: Schema<never> | undefined, given: unknown, seen: unknown[] = []) => {
  const subject = plugin({
    ...(options === undefined ? {} : { options }),
    setup: (context) => {
      seen.push(context.options);
      return {};
    },
  });
  return assemble(
    { name: 'm', parts: [{ id: 'disk0', plugin: subject, options: given }] },
    { deadlines: { setup: 20 } },
  );
};

describe('options', () => {
  it.each([
    ['at once', (value: unknown) => ({ value: { parsed: value } })],
    ['later', async (value: unknown) => ({ value: { parsed: value } })],
  ])('reach setup as the schema parsed them, when it answers %s', async (_when, validate) => {
    const seen: unknown[] = [];
    await using _ = await run(schema(validate), { size: 1 }, seen);
    expect(seen).toEqual([{ parsed: { size: 1 } }]);
  });

  it('that are absent are parsed as an empty object, so that defaults apply', async () => {
    const seen: unknown[] = [];
    await using _ = await run(
      schema((value) => ({ value })),
      undefined,
      seen,
    );
    expect(seen).toEqual([{}]);
  });

  it('that do not parse are refused with the path of each bad field, before any setup', async () => {
    const seen: unknown[] = [];
    const bad = schema(() => ({
      issues: [
        { message: 'must be positive', path: ['queues', 0, { key: 'size' }] },
        { message: 'is unknown', path: [] },
      ],
    }));
    const error = await rejection(run(bad, {}, seen));
    expect(error).toMatchObject({ code: 'VIV_OPTIONS_INVALID', details: { part: 'disk0', path: 'queues[0].size' } });
    expect(error.message).toContain('option "queues[0].size": must be positive; options: is unknown');
    expect(seen).toEqual([]);
  });

  it.each([
    [
      'throws',
      schema(() => {
        throw new Error('boo');
      }),
      'boo',
    ],
    ['rejects', schema(() => Promise.reject(new Error('boo'))), 'boo'],
    ['never settles', schema(() => new Promise(() => {})), '20 ms'],
  ])('are refused when the schema %s', async (_what, options, message) => {
    const error = await rejection(run(options, {}));
    expect(error.code).toBe('VIV_OPTIONS_INVALID');
    expect(error.message).toContain(message);
  });

  it('for a plugin that takes none are refused', async () => {
    expect(await rejection(run(undefined, {}))).toMatchObject({ code: 'VIV_OPTIONS_INVALID' });
    const seen: unknown[] = [];
    await using _ = await run(undefined, undefined, seen);
    expect(seen).toEqual([undefined]);
  });
});
