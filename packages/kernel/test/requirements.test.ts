import {
  all,
  type AnyToken,
  bind,
  ClockToken,
  defineManyToken,
  defineToken,
  MachineMemoryToken,
  optional,
  type PartSpec,
  PowerControlToken,
  type Requirement,
  SystemBusToken,
} from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import {
  clock,
  clockPlugin,
  controller,
  controllerPlugin,
  memory,
  memoryPlugin,
  plugin,
  rejection,
} from './specimens.ts';

const Wheel = defineToken<string>('test/wheel', 1);
const Spoke = defineManyToken<string>('test/spoke', 1);

/** A part that provides its own id under each token, and writes down what it sees and when it is set up. */
const part = (
  id: string,
  provides: readonly AnyToken[],
  requires: readonly (AnyToken | Requirement)[],
  more: Partial<PartSpec> & { readonly trace?: string[] } = {},
): PartSpec => {
  const { trace, ...fields } = more;
  return {
    id,
    plugin: plugin({
      provides,
      requires,
      setup: (context) => {
        trace?.push(id);
        for (const need of requires) {
          const { token, mode } = 'token' in need ? need : { token: need, mode: 'one' };
          const sees: unknown =
            mode === 'all' ? context.all(token).join('+') : mode === 'one' ? context.get(token) : context.maybe(token);
          trace?.push(`${id}:${String(sees)}`);
        }
        return { provides: provides.map((token) => bind(token, id)) };
      },
    }),
    ...fields,
  };
};
const build = (...parts: PartSpec[]) => assemble({ name: 'm', parts });
const refused = (...parts: PartSpec[]) => rejection(build(...parts));

describe('requirements', () => {
  it('are set up before what needs them, whatever the order of the spec, and handed over', async () => {
    const trace: string[] = [];
    await using _ = await build(
      part('car', [], [Wheel, optional(defineToken('test/radio', 1)), all(Spoke)], { trace }),
      part('spoke2', [Spoke], [Wheel], { trace }),
      part('spoke1', [Spoke], [], { trace }),
      part('wheel', [Wheel], [], { trace }),
    );
    // `all` comes in the order of the spec, though spoke2 was set up after spoke1.
    expect(trace).toEqual([
      ...['spoke1', 'wheel', 'spoke2', 'spoke2:wheel'],
      ...['car', 'car:wheel', 'car:undefined', 'car:spoke2+spoke1'],
    ]);
  });

  it('P2 that no part meets are refused before any setup', async () => {
    const trace: string[] = [];
    const error = await refused(part('other', [Spoke], [], { trace }), part('car', [], [Wheel], { trace }));
    expect(error).toMatchObject({ code: 'VIV_REQUIREMENT_UNMET', details: { part: 'car', token: 'test/wheel@1' } });
    expect(trace).toEqual([]);
  });

  it('P2 are not met by the part itself', async () => {
    expect(await refused(part('car', [Wheel], [Wheel]))).toMatchObject({ code: 'VIV_REQUIREMENT_UNMET' });
  });

  it.each([[Wheel], [optional(Wheel)]])('P14 P4 met by another major only are refused, naming both', async (need) => {
    const error = await refused(part('car', [], [need]), part('wheel', [defineToken('test/wheel', 2)], []));
    expect(error).toMatchObject({
      code: 'VIV_TOKEN_MAJOR',
      details: { token: 'test/wheel@1', offered: ['test/wheel@2'] },
    });
    expect(error.message).toMatch(/major 1 .* "wheel" provides major 2/);
  });

  it.each([[Wheel], [optional(Wheel)]])('with several providers are refused, naming the candidates', async (need) => {
    const error = await refused(part('car', [], [need]), part('left', [Wheel], []), part('right', [Wheel], []));
    expect(error).toMatchObject({ code: 'VIV_REQUIREMENT_AMBIGUOUS', details: { candidates: ['left', 'right'] } });
    expect(error.message).toContain('left, right');
  });

  it('with several providers are served by the one that `use` picks', async () => {
    const trace: string[] = [];
    await using _ = await build(
      part('car', [], [Wheel], { trace, use: { 'test/wheel': 'right' } }),
      part('left', [Wheel], []),
      part('right', [Wheel], []),
    );
    expect(trace).toEqual(['car', 'car:right']);
  });

  it.each([
    ['an unknown part', { 'test/wheel': 'front' }],
    ['a part that provides something else', { 'test/wheel': 'spoke' }],
    ['an unknown token', { 'test/weel': 'wheel' }],
    ['a token of which all are taken', { 'test/wheel': 'wheel', 'test/spoke': 'spoke' }],
  ])('are refused when `use` names %s', async (_what, use) => {
    const error = await refused(
      part('car', [], [Wheel, all(Spoke)], { use }),
      part('wheel', [Wheel], []),
      part('spoke', [Spoke], []),
    );
    expect(error).toMatchObject({ code: 'VIV_USE_UNKNOWN', details: { part: 'car' } });
  });

  it('P3 in a circle are refused, naming every part of it and what for', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => defineToken<string>(`test/${name}`, 1)) as [
      AnyToken,
      AnyToken,
      AnyToken,
    ];
    const trace: string[] = [];
    const error = await refused(
      part('outside', [], [a], { trace }),
      part('a0', [a], [b], { trace }),
      part('b0', [b], [all(c)], { trace }),
      part('c0', [c], [optional(a)], { trace }),
    );
    expect(error).toMatchObject({ code: 'VIV_REQUIREMENT_CYCLE', details: { cycle: ['a0', 'b0', 'c0'] } });
    expect(error.message).toContain('"a0" → "b0" (test/b@1) → "c0" (test/c@1) → "a0" (test/a@1)');
    expect(trace).toEqual([]);
  });

  it('P3 of a part that `use` points at itself are a circle of one', async () => {
    const error = await refused(part('a', [Wheel], [Wheel], { use: { 'test/wheel': 'a' } }));
    expect(error).toMatchObject({ code: 'VIV_REQUIREMENT_CYCLE', details: { cycle: ['a'] } });
  });

  it('can be the bus and the power control, which the kernel provides and nobody else may', async () => {
    let seen: unknown[] = [];
    const consumer = plugin({
      requires: [SystemBusToken, PowerControlToken],
      setup: ({ get }) => {
        seen = [get(SystemBusToken), get(PowerControlToken)];
        return {};
      },
    });
    await using machine = await build({ id: 'a', plugin: consumer });
    expect(seen).toEqual([machine.get(SystemBusToken), machine.get(PowerControlToken)]);
    expect(await refused(part('fake', [SystemBusToken], []))).toMatchObject({ code: 'VIV_TOKEN_RESERVED' });
  });

  it('that the manifest does not list are refused when setup asks for them', async () => {
    const asking = (ask: Parameters<typeof plugin>[0]) =>
      refused({ id: 'car', plugin: plugin(ask) }, part('wheel', [Wheel], []));
    for (const error of [
      await asking({ setup: ({ get }) => ({ provides: get(Wheel) as never }) }),
      await asking({ requires: [optional(Wheel)], setup: ({ get }) => ({ provides: get(Wheel) as never }) }),
      await asking({ requires: [all(Wheel)], setup: ({ maybe }) => ({ provides: maybe(Wheel) as never }) }),
      await asking({ requires: [Wheel], setup: ({ all: every }) => ({ provides: every(Wheel) as never }) }),
    ]) {
      expect(error).toMatchObject({ code: 'VIV_PLUGIN_HOOK_FAILED', cause: { code: 'VIV_TOKEN_UNDECLARED' } });
    }
  });
});

describe('grants as requirements', () => {
  it.each([
    ['timers', ClockToken, () => clockPlugin(clock())],
    ['guest-memory', MachineMemoryToken, () => memoryPlugin(memory())],
  ] as const)('%s need a provider, of which `use` picks one of several', async (grant, token, provider) => {
    const user = { id: 'user', plugin: plugin({ grants: [grant] }) };
    expect(await refused(user)).toMatchObject({ code: 'VIV_REQUIREMENT_UNMET', details: { token: token.id } });
    const two = [
      { id: 'x', plugin: provider() },
      { id: 'y', plugin: provider() },
    ];
    expect(await refused(user, two[0] as PartSpec, { ...(two[1] as PartSpec), id: 'y' })).toMatchObject({
      code: 'VIV_REQUIREMENT_AMBIGUOUS',
      details: { candidates: ['x', 'y'] },
    });
    await using machine = await build(...two.slice(0, 1), { ...user, use: { [token.name]: 'x' } });
    expect(machine.parts.map(({ id }) => id)).toEqual(['x', 'user']);
  });

  it.each([
    ['a part that does not exist', { controller: 'nowhere', line: 1 }],
    ['a part that is no controller', { controller: 'user', line: 1 }],
    ['a line that the controller does not have', { controller: 'pic', line: 9 }],
  ])('interrupts wired to %s are refused', async (_what, irq) => {
    const user = { id: 'user', plugin: plugin({ grants: ['interrupts'] }), interrupts: { irq } };
    const error = await refused(user, { id: 'pic', plugin: controllerPlugin(controller()) });
    expect(error).toMatchObject({ code: 'VIV_INTERRUPT_UNKNOWN', details: { part: 'user', interrupt: 'irq' } });
  });

  it('interrupts wired for a plugin that does not ask for them are refused', async () => {
    const user = { id: 'user', plugin: plugin(), interrupts: { irq: { controller: 'pic', line: 1 } } };
    const error = await refused(user, { id: 'pic', plugin: controllerPlugin(controller()) });
    expect(error).toMatchObject({ code: 'VIV_GRANT_UNDECLARED', details: { part: 'user' } });
  });

  it('set their providers up first, the controller of each wired interrupt too', async () => {
    const order: string[] = [];
    const noting = (id: string, subject: ReturnType<typeof plugin>): PartSpec => ({
      id,
      plugin: { ...subject, setup: (context) => (order.push(id), subject.setup(context)) },
    });
    await using _ = await build(
      {
        ...noting('user', plugin({ grants: ['interrupts', 'timers', 'guest-memory'] })),
        interrupts: { irq: { controller: 'pic', line: 1 } },
      },
      noting('pic', controllerPlugin(controller())),
      noting('ram', memoryPlugin(memory())),
      noting('clock', clockPlugin(clock())),
    );
    expect(order).toEqual(['pic', 'ram', 'clock', 'user']);
  });
});

describe('machine tokens', () => {
  it('are found by token and part, and refused by name when there is none or more than one', async () => {
    const machine = await build(part('left', [Wheel, Spoke], []), part('right', [Spoke], []));
    expect(machine.get(Wheel)).toBe('left');
    expect(machine.get(Spoke, 'right')).toBe('right');
    expect(machine.all(Spoke)).toEqual(['left', 'right']);
    expect(machine.maybe(Wheel, 'right')).toBeUndefined();
    expect(machine.maybe(ClockToken)).toBeUndefined();
    expect(machine.all(ClockToken)).toEqual([]);
    expect(() => machine.get(ClockToken)).toThrow(expect.objectContaining({ code: 'VIV_TOKEN_UNPROVIDED' }));
    expect(() => machine.get(Spoke)).toThrow(expect.objectContaining({ code: 'VIV_TOKEN_AMBIGUOUS' }));
    await machine.dispose();
    expect(machine.maybe(Wheel)).toBeUndefined();
    expect(() => machine.get(Wheel)).toThrow(/disposed/);
  });

  it('of one machine are not seen by another', async () => {
    await using one = await build(part('wheel', [Wheel], []));
    await using other = await build();
    expect(one.get(Wheel)).toBe('wheel');
    expect(other.maybe(Wheel)).toBeUndefined();
    expect(one.get(SystemBusToken)).not.toBe(other.get(SystemBusToken));
  });
});
