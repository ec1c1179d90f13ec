import { bind, ClockToken, CONTRACTS_MAJOR, defineToken, optional, type PartSpec } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import { clock, plugin, rejection } from './specimens.ts';

let setups = 0;
const setup = () => {
  setups++;
  return {};
};
const refused = (candidate: unknown) =>
  rejection(
    assemble({
      name: 'm',
      parts: [
        { id: 'good', plugin: plugin({ setup }) },
        { id: 'bad', plugin: candidate as PartSpec['plugin'] },
      ],
    }),
  );
const good = { name: 'x', version: '1.0.0', api: CONTRACTS_MAJOR, setup };
const token = defineToken('test/thing', 1);

describe('manifest', () => {
  it.each([
    ['P11 a prototype key', JSON.parse('{"__proto__": {}, "name": "x"}')],
    ['P11 an own key constructor', { ...good, constructor: Object }],
    ['P11 a huge name', { ...good, name: 'x'.repeat(1e6) }],
    ['P11 a huge version', { ...good, version: `1.0.0-${'a'.repeat(1e6)}` }],
    ['P11 a huge summary', { ...good, summary: 'x'.repeat(1e6) }],
    ['P11 a huge token name', { ...good, provides: [defineToken('x'.repeat(1e6), 1)] }],
    ['P11 a huge list', { ...good, grants: Array.from({ length: 1e6 }, () => 'timers') }],
    ['P11 a bad version: two numbers', { ...good, version: '1.0' }],
    ['P11 a bad version: a leading v', { ...good, version: 'v1.0.0' }],
    ['P11 a bad version: a leading zero', { ...good, version: '1.02.0' }],
    ['P11 a bad version: a number', { ...good, version: 1 }],
    [
      'P11 a getter that throws',
      {
        ...good,
        get provides() {
          throw new Error('boo');
        },
      },
    ],
    [
      'P11 a proxy that throws',
      new Proxy(good, {
        ownKeys: () => {
          throw new Error('boo');
        },
      }),
    ],
    ['a name with capitals', { ...good, name: 'Uart' }],
    ['a name with a path', { ...good, name: '../uart' }],
    ['no setup', { ...good, setup: undefined }],
    ['an unknown grant', { ...good, grants: ['root'] }],
    ['a grant twice', { ...good, grants: ['timers', 'timers'] }],
    ['a token that is a string', { ...good, provides: ['clock'] }],
    ['a token with a foreign id', { ...good, provides: [{ ...token, id: 'vivarium/clock@1' }] }],
    ['a token with major 0', { ...good, provides: [defineToken('test/thing', 0)] }],
    ['a token with an unknown arity', { ...good, provides: [{ ...token, arity: 'few' }] }],
    ['a token provided twice', { ...good, provides: [token, token] }],
    ['a token required twice', { ...good, requires: [token, optional(token)] }],
    ['a requirement with an unknown mode', { ...good, requires: [{ token, mode: 'some' }] }],
    ['options that are no schema', { ...good, options: {} }],
    ['options of another schema version', { ...good, options: { '~standard': { version: 2, validate: () => ({}) } } }],
  ])('with %s is refused before anything is constructed', async (_what, candidate) => {
    setups = 0;
    const error = await refused(candidate);
    expect(error).toMatchObject({ code: 'VIV_PLUGIN_MANIFEST', details: { part: 'bad' } });
    expect(error.message.length).toBeLessThan(1000);
    expect(setups).toBe(0);
  });

  it.each([[CONTRACTS_MAJOR + 1], [0], ['1'], [undefined]])(
    'P4 built for contracts major %s is refused',
    async (api) => {
      const error = await refused({ ...good, api });
      expect(error).toMatchObject({ code: 'VIV_PLUGIN_API', details: { part: 'bad', kernel: CONTRACTS_MAJOR } });
    },
  );

  it('two different plugins of one name are refused; one plugin may serve several parts', async () => {
    const twin = { ...plugin(), name: 'twin', version: '1.0.0' };
    const other = { ...plugin(), name: 'twin', version: '2.0.0' };
    const spec = (...plugins: (typeof twin)[]) => ({
      name: 'm',
      parts: plugins.map((subject, index) => ({ id: `p${index}`, plugin: subject })),
    });
    expect(await rejection(assemble(spec(twin, other)))).toMatchObject({ code: 'VIV_PLUGIN_DUPLICATE' });
    await using machine = await assemble(spec(twin, twin));
    expect(machine.parts).toMatchObject([{ plugin: 'twin' }, { plugin: 'twin' }]);
  });

  it('P14 tokens of two copies of the contracts package match by id', async () => {
    const copyOfToken = structuredClone(ClockToken);
    let seen: unknown;
    const subject = clock();
    const provider = plugin({ provides: [ClockToken], setup: () => ({ provides: [bind(copyOfToken, subject)] }) });
    const consumer = plugin({
      requires: [copyOfToken],
      setup: ({ get }) => {
        seen = get(ClockToken);
        return {};
      },
    });
    await using machine = await assemble({
      name: 'm',
      parts: [
        { id: 'a', plugin: consumer },
        { id: 'b', plugin: provider },
      ],
    });
    expect(seen).toBe(subject);
    expect(machine.get(copyOfToken)).toBe(subject);
  });

  it('is read once: what a plugin changes about itself afterwards has no effect', async () => {
    let reads = 0;
    const shifty = {
      ...good,
      name: 'shifty',
      get grants() {
        return reads++ === 0 ? [] : ['host-files'];
      },
    };
    await using machine = await assemble({ name: 'm', parts: [{ id: 'a', plugin: shifty as PartSpec['plugin'] }] });
    expect(machine.parts[0]?.grants).toEqual([]);
    expect(reads).toBe(1);
  });
});

describe('specifiers', () => {
  const spec = {
    name: 'm',
    parts: [
      { id: 'a', plugin: './toaster' },
      { id: 'b', plugin: './toaster' },
    ],
  };

  it('are refused when the app does not load any', async () => {
    expect(await rejection(assemble(spec))).toMatchObject({
      code: 'VIV_PLUGIN_SPECIFIER',
      details: { specifier: './toaster' },
    });
  });

  it.each([['default'], ['plugin']])('are loaded once each, from the export %s', async (name) => {
    const loaded: string[] = [];
    const subject = plugin();
    const load = async (specifier: string) => {
      loaded.push(specifier);
      return { [name]: subject };
    };
    await using machine = await assemble(spec, { load });
    expect(loaded).toEqual(['./toaster']);
    expect(machine.parts.map((part) => part.plugin)).toEqual([subject.name, subject.name]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('not found'))],
    ['gives nothing', async () => undefined],
    ['gives a module without a plugin', async () => ({ other: 1 })],
    ['never settles', () => new Promise(() => {})],
  ])('whose loading %s are refused, naming the specifier', async (_what, load) => {
    const error = await rejection(assemble(spec, { load, deadlines: { setup: 5 } }));
    expect(error).toMatchObject({ code: 'VIV_PLUGIN_LOAD', details: { part: 'a', specifier: './toaster' } });
  });

  it('whose module exports something else as plugin are refused as a bad manifest', async () => {
    const error = await rejection(assemble(spec, { load: async () => ({ default: () => 1 }) }));
    expect(error).toMatchObject({ code: 'VIV_PLUGIN_MANIFEST' });
  });
});
