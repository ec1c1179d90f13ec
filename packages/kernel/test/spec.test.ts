import type { MachineSpec } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble, errorTable } from '../src/index.ts';
import { plugin, rejection } from './specimens.ts';

const refused = (spec: unknown) => rejection(assemble(spec as MachineSpec));
const part = (fields: object) => ({ name: 'm', parts: [{ id: 'a', plugin: plugin(), ...fields }] });
const poisoned: unknown = JSON.parse('{"__proto__": 1}');

describe('machine spec', () => {
  it.each([
    ['nothing', undefined, 'the spec'],
    ['a list', [], 'the spec'],
    ['no name', { parts: [] }, 'name'],
    ['a huge name', { name: 'x'.repeat(1e6), parts: [] }, 'name'],
    ['no parts', { name: 'm' }, 'parts'],
    ['too many parts', { name: 'm', parts: Array.from({ length: 1025 }, () => ({})) }, 'parts'],
    ['a part that is null', { name: 'm', parts: [null] }, 'parts[0]'],
    ['an unknown field', part({ option: 1 }), 'parts[0]'],
    ['an id with a space', part({ id: 'a b' }), 'parts[0].id'],
    ['an empty id', part({ id: '' }), 'parts[0].id'],
    ['a huge id', part({ id: 'a'.repeat(65) }), 'parts[0].id'],
    ['an id that is a prototype key', part({ id: '__proto__' }), 'parts[0].id'],
    ['no plugin', part({ plugin: undefined }), 'parts[0].plugin'],
    ['an empty specifier', part({ plugin: '' }), 'parts[0].plugin'],
    ['a negative address', part({ regions: { r: -1 } }), 'parts[0].regions.r'],
    ['a fractional address', part({ regions: { r: 0.5 } }), 'parts[0].regions.r'],
    ['an address of 2^53', part({ regions: { r: 2 ** 53 } }), 'parts[0].regions.r'],
    ['an address that is a bigint', part({ regions: { r: 1n } }), 'parts[0].regions.r'],
    ['a prototype key among regions', part({ regions: poisoned }), 'parts[0].regions'],
    ['a prototype key under use', part({ use: poisoned }), 'parts[0].use'],
    ['an interrupt that is a number', part({ interrupts: { irq: 1 } }), 'parts[0].interrupts.irq'],
    ['interrupt line 0', part({ interrupts: { irq: { controller: 'c', line: 0 } } }), 'parts[0].interrupts.irq.line'],
    [
      'a controller that is no id',
      part({ interrupts: { irq: { controller: 7, line: 1 } } }),
      'parts[0].interrupts.irq.controller',
    ],
  ])('with %s is refused, naming where', async (_what, spec, path) => {
    const error = await refused(spec);
    expect(error).toMatchObject({
      code: 'VIV_SPEC_INVALID',
      details: { path },
      hint: errorTable.VIV_SPEC_INVALID.hint,
    });
    expect(error.message).toContain(path);
    expect(error.message.length).toBeLessThan(1000);
  });

  it('P1 with two parts of one id is refused, naming it', async () => {
    const error = await refused({
      name: 'm',
      parts: [
        { id: 'uart0', plugin: plugin() },
        { id: 'uart0', plugin: plugin() },
      ],
    });
    expect(error).toMatchObject({ code: 'VIV_PART_DUPLICATE', details: { part: 'uart0' } });
  });

  it('is copied, so that changing it later changes nothing', async () => {
    const parts = [{ id: 'a', plugin: plugin(), regions: {} }];
    await using machine = await assemble({ name: 'm', parts });
    parts.push({ id: 'b', plugin: plugin(), regions: {} });
    expect(machine.spec.parts.map(({ id }) => id)).toEqual(['a']);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    'a deadline of %s ms is refused',
    async (setup) => {
      const error = await rejection(assemble({ name: 'm', parts: [] }, { deadlines: { setup } }));
      expect(error).toMatchObject({ code: 'VIV_DEADLINE_INVALID', details: { hook: 'setup' } });
    },
  );

  it('errors all have a row that says when and what to do', () => {
    for (const [code, row] of Object.entries(errorTable)) {
      expect(code).toMatch(/^VIV_[A-Z_]+$/);
      expect(row.when).toMatch(/\.$/);
      expect(row.hint).toMatch(/\.$/);
    }
  });
});
