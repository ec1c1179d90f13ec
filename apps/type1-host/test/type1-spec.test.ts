import { readFile } from 'node:fs/promises';
import { parseSpec } from '@vivarium/host-spec';
import { expect, it } from 'vitest';
import { SCHEDULERS, type1Spec } from '../src/type1-spec.ts';

const parse = (text: string) => parseSpec(text, type1Spec, 'test.yaml');

it('the example is one, and schedulers are made by name', async () => {
  const example = await readFile(new URL('../guests.yaml', import.meta.url), 'utf8');
  expect(parse(example)).toMatchObject({ scheduler: 'eevdf', guests: [{ management: 'admin' }, {}, {}] });
  for (const create of Object.values(SCHEDULERS)) expect(create()).toHaveProperty('pick');
});

it.each([
  ['guests: [{ name: a, run: [debian] }]', 'guests: one of them has `management`'],
  ['guests: [{ name: a, run: [debian], management: admin, autostart: false }]', 'guests: one of them has `management`'],
  ['scheduler: cfs\nguests: [{ name: a, run: [debian], management: admin }]', 'line 1: scheduler: '],
])('a host without a control domain, or by a scheduler there is none of, is refused: %s', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
