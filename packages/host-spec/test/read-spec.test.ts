import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostSpec, parseSpec, readSpec } from '@vivarium/host-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const parse = (text: string) => parseSpec(text, hostSpec, 'test.yaml');
const codeOf = (text: string): unknown => {
  try {
    parse(text);
    return 'none';
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
};

describe('a spec', () => {
  it('is YAML or JSON, with defaults', () => {
    const expected = { guests: [{ name: 'a', run: ['debian'], weight: 512, autostart: true }] };
    expect(parse('guests:\n  - name: a\n    run: [debian]\n    weight: 512\n')).toEqual(expected);
    expect(parse('{"guests": [{"name": "a", "run": ["debian"], "weight": 512}]}')).toEqual(expected);
  });

  it.each([
    ['guests: []', 'test.yaml, line 1: guests: '],
    ['', 'test.yaml, line 1: '],
    ['pcpus: 0\nguests: [{ name: a, run: [x] }]', 'test.yaml, line 1: pcpus: '],
    ['guests:\n  - name: a\n    run: [x]\n  - name: b\n    run: [x]\n    weight: heavy', 'line 6: guests[1].weight: '],
    ['guests:\n  - name: a\n    run: x', 'line 3: guests[0].run: '],
    ['guests:\n  - name: a\n    run: [1]', 'line 3: guests[0].run[0]: '],
    ['guests:\n  - name: a', 'line 2: guests[0].run: '],
    ['guests:\n  - name: a\n    run: [x]\n    wieght: 3', 'line 2: guests[0]: Unrecognized key: "wieght"'],
    ['guests:\n  - { name: a, run: [x] }\n  - { name: a, run: [x] }', 'line 3: guests[1].name: another guest is a'],
    ['guests:\n  - { name: a, run: [x], management: root }', 'line 2: guests[0].management: '],
    ['guests:\n  - { name: "../a", run: [x] }', 'line 2: guests[0].name: '],
  ])('that is wrong is refused by line and path: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(codeOf(text)).toBe('VIV_SPEC_FIELD');
  });

  it.each([
    ['guests: [', 'line 1'],
    ['a: 1\na: 2', 'unique'],
    ['\tx', 'line 1'],
    // Nine lists of nine of the one before.
    [`a0: &a0 [x]\n${[1, 2, 3, 4, 5, 6].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`).join('\n')}`, 'alias'],
  ])('that is no YAML is refused: %.20j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(codeOf(text)).toBe('VIV_SPEC_SYNTAX');
  });

  it('whatever it is, is taken or refused with a code', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
        expect(['none', 'VIV_SPEC_SYNTAX', 'VIV_SPEC_FIELD']).toContain(codeOf(text));
      }),
    );
  });
});

it('a file is read once it is known to be small, and its folder named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-spec-'));
  const file = join(folder, 'guests.yaml');
  await writeFile(file, 'guests: [{ name: a, run: [x] }]');
  expect(await readSpec(file, hostSpec)).toMatchObject({ folder, spec: { guests: [{ name: 'a' }] } });
  await writeFile(file, '#'.repeat(2 << 20));
  await expect(readSpec(file, hostSpec)).rejects.toMatchObject({ code: 'VIV_SPEC_FILE' });
  await expect(readSpec('/dev/zero', hostSpec)).rejects.toMatchObject({ code: 'VIV_SPEC_FILE' });
  await expect(readSpec(join(folder, 'none'), hostSpec)).rejects.toMatchObject({ code: 'VIV_SPEC_FILE' });
  await expect(readSpec(folder, hostSpec)).rejects.toMatchObject({ code: 'VIV_SPEC_FILE' });
  await rm(folder, { recursive: true });
});
