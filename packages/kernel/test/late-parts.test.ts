import {
  bind,
  defineManyToken,
  defineToken,
  DeviceToken,
  MachineMemoryToken,
  type Part,
  type PartSpec,
  type PluginDefinition,
} from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, type Machine } from '../src/index.ts';
import {
  clock,
  clockPlugin,
  device,
  devicePlugin,
  memory,
  memoryPlugin,
  never,
  plugin,
  region,
  rejection,
} from './specimens.ts';

const Base = defineToken<string>('test/base', 1);
const Backend = defineManyToken<string>('test/backend', 1);
const Front = defineManyToken<string>('test/front', 1);

const LATER = ['wire', 'start', 'pause', 'resume', 'reset', 'stop', 'dispose'] as const;

const hooks = (trace: string[], id: string): Part =>
  Object.fromEntries(LATER.map((hook) => [hook, () => void trace.push(`${id}.${hook}`)]));

const base = plugin({ provides: [Base], setup: () => ({ provides: [bind(Base, 'base')] }) });

/** A backend, and a front that takes the one it is told to and the machine's base. */
const parts = (trace: string[], name = '', broken: Partial<Part> = {}): readonly PartSpec[] => {
  const backend = `backend${name}`;
  const front = `front${name}`;
  const fields: Partial<PluginDefinition<never>> = {
    provides: [Front],
    requires: [Backend, Base],
    setup: (context) => {
      trace.push(`${front} on ${context.get(Backend)} and ${context.get(Base)}`);
      return { ...hooks(trace, front), provides: [bind(Front, front)], ...broken };
    },
  };
  return [
    { id: front, plugin: plugin(fields), use: { [Backend.name]: backend } },
    {
      id: backend,
      plugin: plugin({
        provides: [Backend],
        setup: () => ({ ...hooks(trace, backend), provides: [bind(Backend, backend)] }),
      }),
    },
  ];
};

const desk = (): Promise<Machine> => assemble({ name: 'desk', parts: [{ id: 'base', plugin: base }] });

describe('parts that join', () => {
  it('are set up in the order of what they need, and brought to where the machine is', async () => {
    const trace: string[] = [];
    await using machine = await desk();
    await machine.start();
    await machine.add(parts(trace));
    expect(trace).toEqual([
      'front on backend and base',
      'backend.wire',
      'front.wire',
      'backend.reset',
      'backend.start',
      'front.reset',
      'front.start',
    ]);
    expect(machine.all(Front)).toEqual(['front']);
    expect(machine.parts.map(({ id }) => id)).toEqual(['base', 'backend', 'front']);
    expect(machine.spec.parts.map(({ id }) => id)).toEqual(['base', 'backend', 'front']);
  });

  it('take part in what happens to the machine from then on', async () => {
    const trace: string[] = [];
    await using machine = await desk();
    await machine.add(parts(trace));
    expect(trace.slice(1)).toEqual(['backend.wire', 'front.wire']);
    await machine.start();
    await machine.pause();
    await machine.add(parts(trace, '2'));
    expect(trace.slice(-3)).toEqual(['front2.reset', 'front2.start', 'front2.pause']);
    await machine.resume();
    await machine.reset();
    trace.splice(0);
    await machine.dispose();
    expect(trace).toEqual([
      ...['front2.stop', 'backend2.stop', 'front.stop', 'backend.stop'],
      ...['front2.dispose', 'backend2.dispose', 'front.dispose', 'backend.dispose'],
    ]);
  });

  it('leave nothing when one of them fails, and the machine goes on', async () => {
    const trace: string[] = [];
    await using machine = await desk();
    await machine.start();
    const start = (): never => {
      throw new Error('out of paper');
    };
    const error = await rejection(machine.add(parts(trace, '', { start })));
    expect(error.code).toBe('VIV_PLUGIN_HOOK_FAILED');
    expect(trace.slice(-3)).toEqual(['backend.stop', 'front.dispose', 'backend.dispose']);
    expect(machine.all(Front)).toEqual([]);
    expect(machine.all(Backend)).toEqual([]);
    expect(machine.state).toBe('running');
    await machine.add(parts(trace));
    expect(machine.all(Front)).toEqual(['front']);
  });

  it.each([
    ['an id that is taken', () => [{ id: 'base', plugin: plugin() }], 'VIV_PART_DUPLICATE'],
    [
      'a need that nobody serves',
      () => [{ id: 'a', plugin: plugin({ requires: [Backend] }) }],
      'VIV_REQUIREMENT_UNMET',
    ],
    ['options of a plugin that takes none', () => [{ id: 'a', plugin: plugin(), options: 1 }], 'VIV_OPTIONS_INVALID'],
    [
      'a grant that the policy does not give',
      () => [{ id: 'a', plugin: plugin({ grants: ['host-network'] }) }],
      'VIV_GRANT_REFUSED',
    ],
    ['another plugin of a known name', () => [{ id: 'a', plugin: { ...base } }], 'VIV_PLUGIN_DUPLICATE'],
    ['registers on the bus', () => [{ id: 'a', plugin: devicePlugin(device(region())) }], 'VIV_PART_FIXED'],
    ['memory', () => [{ id: 'a', plugin: memoryPlugin(memory()) }], 'VIV_PART_FIXED'],
    ['regions', () => [{ id: 'a', plugin: plugin(), regions: { a: 0 } }], 'VIV_PART_FIXED'],
    ['no list', () => 'a' as never, 'VIV_SPEC_INVALID'],
  ])('are refused with %s before anything is built', async (_title, specs, code) => {
    await using machine = await desk();
    await machine.start();
    expect((await rejection(machine.add(specs()))).code).toBe(code);
    expect(machine.parts).toHaveLength(1);
  });

  it('do not come to a machine that is stopped', async () => {
    const machine = await desk();
    await machine.start();
    await machine.stop();
    expect((await rejection(machine.add([]))).code).toBe('VIV_MACHINE_STATE');
    await machine.dispose();
    expect((await rejection(machine.remove([]))).code).toBe('VIV_MACHINE_STATE');
  });
});

describe('parts that leave', () => {
  it('are taken down in reverse, and nobody finds them any more', async () => {
    const trace: string[] = [];
    await using machine = await desk();
    await machine.start();
    await machine.add(parts(trace));
    trace.splice(0);
    await machine.remove(['backend', 'front']);
    expect(trace).toEqual(['front.stop', 'backend.stop', 'front.dispose', 'backend.dispose']);
    expect(machine.parts.map(({ id }) => id)).toEqual(['base']);
    expect(machine.maybe(Front)).toBeUndefined();
  });

  it('lose their grants: memory, timers', async () => {
    const time = clock();
    let fired = 0;
    let held: Uint8Array | undefined;
    let look = (): Uint8Array | undefined => undefined;
    const holder = plugin({
      grants: ['guest-memory', 'timers'],
      setup: ({ grants }) => {
        grants.timer(() => void fired++).arm(5);
        look = () => grants.memory.view(0x8000_0000, 4);
        return {};
      },
    });
    await using machine = await assemble({
      name: 'desk',
      parts: [
        { id: 'clock', plugin: clockPlugin(time) },
        { id: 'memory', plugin: memoryPlugin(memory()) },
      ],
    });
    await machine.start();
    await machine.add([{ id: 'holder', plugin: holder }]);
    held = look();
    expect(held).toHaveLength(4);
    await machine.remove(['holder']);
    time.expire();
    held = look();
    expect({ held, fired, armed: time.armed.size }).toEqual({ held: undefined, fired: 0, armed: 0 });
    expect(machine.get(MachineMemoryToken).banks).toHaveLength(1);
  });

  it('are gone also when a hook fails or hangs, which is told', async () => {
    const trace: string[] = [];
    await using machine = await assemble(
      { name: 'desk', parts: [{ id: 'base', plugin: base }] },
      { deadlines: { stop: 10 } },
    );
    await machine.start();
    const failures: string[] = [];
    machine.events.on(
      'part:failure',
      ({ part, hook, plugin: name }) => void failures.push(`${part} ${hook} ${name !== ''}`),
    );
    await machine.add(parts(trace, '', { stop: never }));
    expect((await rejection(machine.remove(['front', 'backend']))).code).toBe('VIV_PLUGIN_HOOK_TIMEOUT');
    expect(failures).toEqual(['front stop true']);
    expect(machine.parts).toHaveLength(1);
    await machine.add(parts(trace));
  });

  it.each([
    ['base', 'VIV_PART_FIXED'],
    ['nobody', 'VIV_PART_UNKNOWN'],
    ['backend', 'VIV_PART_IN_USE'],
  ])('are not %s', async (id, code) => {
    await using machine = await desk();
    await machine.start();
    await machine.add(parts([]));
    expect((await rejection(machine.remove([id]))).code).toBe(code);
    expect(machine.parts).toHaveLength(3);
  });

  it('come and go in any order, and the machine is what is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3 })), { maxLength: 20 }),
        async (acts) => {
          await using machine = await desk();
          await machine.start();
          const there = new Set<string>();
          for (const [joins, index] of acts) {
            const name = `-${index}`;
            const done = joins ? machine.add(parts([], name)) : machine.remove([`front${name}`, `backend${name}`]);
            const error = await done.then(
              () => undefined,
              (reason: unknown) => (reason as { readonly code: string }).code,
            );
            expect(error).toBe(
              joins === there.has(name) ? (joins ? 'VIV_PART_DUPLICATE' : 'VIV_PART_UNKNOWN') : undefined,
            );
            if (joins) there.add(name);
            else there.delete(name);
          }
          expect(new Set(machine.all(Front))).toEqual(new Set([...there].map((name) => `front${name}`)));
          expect(machine.parts).toHaveLength(1 + 2 * there.size);
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('a device of the spec stays where it is while others come and go', async () => {
  await using machine = await assemble({
    name: 'desk',
    parts: [
      { id: 'base', plugin: base },
      { id: 'lamp', plugin: devicePlugin(device(region())), regions: { registers: 0x1000 } },
    ],
  });
  await machine.start();
  await machine.add(parts([]));
  await machine.remove(['front', 'backend']);
  expect(machine.all(DeviceToken)).toHaveLength(1);
});
