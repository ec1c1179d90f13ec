import {
  bind,
  CharPortToken,
  ClockToken,
  type Device,
  DeviceToken,
  type MachineEvents,
  MachineMemoryToken,
  type Part,
  type PartSpec,
  SystemBusToken,
} from '@vivarium/contracts';
import { defineToken } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble, type Hook, type Machine } from '../src/index.ts';
import {
  clock,
  controller,
  controllerPlugin,
  device,
  devicePlugin,
  memory,
  never,
  plugin,
  region,
  rejection,
} from './specimens.ts';

const HOOKS = ['setup', 'wire', 'start', 'pause', 'resume', 'reset', 'stop', 'dispose'] as const;
const LATER = HOOKS.slice(1) as Exclude<Hook, 'setup'>[];
/** Long enough for hooks that settle at once, which no timer can overtake. */
const DEADLINES = Object.fromEntries(HOOKS.map((hook) => [hook, 10]));

const First = defineToken<string>('test/first', 1);
const Second = defineToken<string>('test/second', 1);

/** first ← second ← third, given to the machine in the reverse order; every hook is written down. */
const chain = (
  trace: string[],
  broken: { readonly part?: string; readonly hook?: Hook; readonly how?: () => unknown } = {},
) => {
  const hooks = (id: string): Part =>
    Object.fromEntries(
      LATER.map((hook) => [
        hook,
        () => {
          trace.push(`${id}.${hook}`);
          return id === broken.part && hook === broken.hook ? broken.how?.() : undefined;
        },
      ]),
    );
  const part = (id: string, provides: typeof First | undefined, requires: typeof First | undefined): PartSpec => ({
    id,
    plugin: plugin({
      provides: provides === undefined ? [] : [provides],
      requires: requires === undefined ? [] : [requires],
      setup: () => {
        trace.push(`${id}.setup`);
        const made = { ...hooks(id), provides: provides === undefined ? [] : [bind(provides, id)] };
        return id === broken.part && broken.hook === 'setup' ? (broken.how?.() ?? made) : made;
      },
    }),
  });
  return {
    name: 'm',
    parts: [part('third', undefined, Second), part('second', Second, First), part('first', First, undefined)],
  };
};

const up = (hook: string) => ['first', 'second', 'third'].map((id) => `${id}.${hook}`);
const down = (hook: string) => up(hook).toReversed();
const failuresOf = (machine: Machine) => {
  const failures: MachineEvents['part:failure'][] = [];
  machine.events.on('part:failure', (failure) => failures.push(failure));
  return failures;
};
const throwing = () => {
  throw new Error('boo');
};
const WAYS = [
  ['throws', throwing, 'VIV_PLUGIN_HOOK_FAILED'],
  ['rejects', () => Promise.reject(new Error('boo')), 'VIV_PLUGIN_HOOK_FAILED'],
  ['never settles', never, 'VIV_PLUGIN_HOOK_TIMEOUT'],
] as const;

describe('life cycle', () => {
  it('P13 runs hooks in dependency order, and pause, stop and dispose in the exact reverse', async () => {
    const trace: string[] = [];
    const machine = await assemble(chain(trace));
    expect(trace.splice(0)).toEqual([...up('setup'), ...up('wire')]);
    await machine.start();
    expect(trace.splice(0)).toEqual([...up('reset'), ...up('start')]);
    await machine.pause();
    await machine.resume();
    await machine.reset();
    expect(trace.splice(0)).toEqual([...down('pause'), ...up('resume'), ...up('reset')]);
    await machine.stop();
    await machine.dispose();
    expect(trace).toEqual([...down('stop'), ...down('dispose')]);
  });

  it('stops what still runs when it is disposed, once', async () => {
    const trace: string[] = [];
    const machine = await assemble(chain(trace));
    await machine.start();
    trace.length = 0;
    await Promise.all([machine.dispose(), machine.dispose(), machine[Symbol.asyncDispose]()]);
    await machine.dispose();
    expect(trace).toEqual([...down('stop'), ...down('dispose')]);
    expect(machine.state).toBe('disposed');
  });

  it('tells of each state in turn, and of resets', async () => {
    const seen: string[] = [];
    const machine = await assemble(chain([]));
    machine.events.on('machine:state', ({ from, to }) => seen.push(`${from}>${to}`));
    machine.events.on('machine:reset', () => seen.push('reset'));
    await machine.start();
    await machine.pause();
    await machine.reset();
    await machine.resume();
    await machine.stop();
    await machine.dispose();
    expect(seen).toEqual([
      ...['assembled>running', 'running>paused', 'reset', 'paused>running'],
      ...['running>stopped', 'stopped>disposed'],
    ]);
  });

  it('runs operations in the order they were called, without awaiting each', async () => {
    const machine = await assemble(chain([]));
    const states: string[] = [];
    machine.events.on('machine:state', ({ to }) => states.push(to));
    const all = [machine.start(), machine.pause(), machine.resume(), machine.stop(), machine.dispose()];
    await Promise.all(all);
    expect(states).toEqual(['running', 'paused', 'running', 'stopped', 'disposed']);
  });

  const to: Readonly<Record<string, (machine: Machine) => Promise<void>>> = {
    assembled: async () => {},
    running: (machine) => machine.start(),
    paused: async (machine) => {
      await machine.start();
      await machine.pause();
    },
    stopped: async (machine) => {
      await machine.start();
      await machine.stop();
    },
    disposed: (machine) => machine.dispose(),
  };
  it.each([
    ['assembled', ['pause', 'resume', 'stop']],
    ['running', ['start', 'resume']],
    ['paused', ['start', 'pause']],
    ['stopped', ['start', 'pause', 'resume', 'reset', 'stop']],
    ['disposed', ['start', 'pause', 'resume', 'reset', 'stop']],
  ] as const)('a machine that is %s refuses %j and stays as it is', async (state, operations) => {
    const machine = await assemble(chain([]));
    await to[state]?.(machine);
    for (const operation of operations) {
      const error = await rejection(machine[operation]());
      expect(error).toMatchObject({ code: 'VIV_MACHINE_STATE', details: { operation, state } });
      expect(machine.state).toBe(state);
    }
    await machine.dispose();
  });

  it('resets clocks, then memory, then in dependency order each part: its devices, then its own hook', async () => {
    const trace: string[] = [];
    const time = clock();
    const ram = memory();
    const say = (what: string) => () => void trace.push(what);
    const subject = (id: string): Device => ({ ...device(region()), reset: say(`${id} device`) });
    await using machine = await assemble({
      name: 'm',
      parts: [
        {
          id: 'firmware',
          plugin: plugin({
            requires: [MachineMemoryToken, ClockToken],
            grants: ['guest-memory'],
            setup: ({ grants }) => ({
              reset: () => {
                trace.push(`firmware finds ${grants.memory.read(0x8000_0000, 1)?.[0]}`);
                grants.memory.write(0x8000_0000, Uint8Array.of(7));
              },
            }),
          }),
        },
        { id: 'uart', plugin: devicePlugin(subject('uart'), { reset: say('uart hook') }), regions: { registers: 0 } },
        {
          id: 'ram',
          plugin: plugin({
            provides: [MachineMemoryToken],
            setup: () => ({
              provides: [bind(MachineMemoryToken, { ...ram, clear: () => (trace.push('clear'), ram.clear()) })],
            }),
          }),
        },
        {
          id: 'clock',
          plugin: plugin({
            provides: [ClockToken],
            setup: () => ({ provides: [bind(ClockToken, { ...time, reset: say('clock') })], reset: say('clock hook') }),
          }),
        },
      ],
    });
    const once = ['clock', 'clear', 'uart device', 'uart hook', 'clock hook', 'firmware finds 0'];
    await machine.start();
    expect(trace.splice(0)).toEqual(once);
    await machine.reset();
    expect(trace).toEqual(once);
  });

  it('lets the clock go on only while the machine runs', async () => {
    const time = clock();
    const provider = plugin({ provides: [ClockToken], setup: () => ({ provides: [bind(ClockToken, time)] }) });
    const machine = await assemble({ name: 'm', parts: [{ id: 'clock', plugin: provider }] });
    await machine.start();
    expect(time.calls.splice(0)).toEqual(['reset', 'resume']);
    await machine.pause();
    await machine.resume();
    await machine.stop();
    expect(time.calls).toEqual(['pause', 'resume', 'pause']);
    await machine.dispose();
  });
});

describe('a part that fails', () => {
  describe.each(WAYS)('P5 P6 and %s', (_way, how, code) => {
    it.each(['first', 'second', 'third'])('in setup of %s takes down what was built, in reverse', async (id) => {
      const trace: string[] = [];
      const error = await rejection(assemble(chain(trace, { part: id, hook: 'setup', how }), { deadlines: DEADLINES }));
      expect(error).toMatchObject({ code, details: { part: id, hook: 'setup' } });
      const built = ['first', 'second', 'third'].slice(0, ['first', 'second', 'third'].indexOf(id));
      expect(trace.filter((step) => !step.endsWith('setup'))).toEqual(
        built.toReversed().map((other) => `${other}.dispose`),
      );
    });

    it.each(['first', 'second', 'third'])('in wire of %s takes all parts down, in reverse', async (id) => {
      const trace: string[] = [];
      const error = await rejection(assemble(chain(trace, { part: id, hook: 'wire', how }), { deadlines: DEADLINES }));
      expect(error).toMatchObject({ code, details: { part: id, hook: 'wire' } });
      expect(trace.slice(trace.indexOf(`${id}.wire`) + 1)).toEqual(down('dispose'));
    });

    it.each(['first', 'second', 'third'])(
      'in start of %s stops those that were started and disposes all',
      async (id) => {
        const trace: string[] = [];
        const machine = await assemble(chain(trace, { part: id, hook: 'start', how }), { deadlines: DEADLINES });
        const error = await rejection(machine.start());
        expect(error).toMatchObject({ code, details: { part: id, hook: 'start' } });
        const started = ['first', 'second', 'third'].slice(0, ['first', 'second', 'third'].indexOf(id));
        expect(trace.slice(trace.indexOf(`${id}.start`) + 1)).toEqual([
          ...started.toReversed().map((other) => `${other}.stop`),
          ...down('dispose'),
        ]);
        expect(machine.state).toBe('disposed');
      },
    );

    it('in the reset before start disposes all', async () => {
      const trace: string[] = [];
      const machine = await assemble(chain(trace, { part: 'second', hook: 'reset', how }), { deadlines: DEADLINES });
      expect(await rejection(machine.start())).toMatchObject({ code, details: { part: 'second', hook: 'reset' } });
      expect(trace.slice(-3)).toEqual(down('dispose'));
      expect(trace).not.toContain('first.start');
    });

    it.each([
      ['pause', ['start', 'pause'], 'paused', down('pause')],
      ['resume', ['start', 'pause', 'resume'], 'running', up('resume')],
      ['stop', ['start', 'stop'], 'stopped', down('stop')],
    ] as const)(
      'P12 in %s is reported by name, and the others and the machine go on',
      async (hook, operations, state, last) => {
        const trace: string[] = [];
        const machine = await assemble(chain(trace, { part: 'second', hook, how }), { deadlines: DEADLINES });
        const failures = failuresOf(machine);
        const outcomes = await Promise.allSettled(operations.map((operation) => machine[operation]()));
        expect(outcomes.at(-1)).toMatchObject({
          status: 'rejected',
          reason: { code, details: { part: 'second', hook } },
        });
        expect(failures).toMatchObject([{ part: 'second', hook, error: { code } }]);
        expect(trace.slice(-3)).toEqual(last);
        expect(machine.state).toBe(state);
        await machine.dispose();
        expect(trace.slice(-3)).toEqual(down('dispose'));
      },
    );

    it('P12 in a later reset is reported, and the others are reset', async () => {
      const trace: string[] = [];
      let armed = false;
      const machine = await assemble(
        chain(trace, { part: 'first', hook: 'reset', how: () => (armed ? how() : undefined) }),
        { deadlines: DEADLINES },
      );
      await machine.start();
      armed = true;
      const failures = failuresOf(machine);
      expect(await rejection(machine.reset())).toMatchObject({ code, details: { part: 'first', hook: 'reset' } });
      expect(failures).toHaveLength(1);
      expect(trace.slice(-3)).toEqual(up('reset'));
      expect(machine.state).toBe('running');
      await machine.dispose();
    });

    it('in dispose is reported, does not keep the others from theirs, and is not called again', async () => {
      const trace: string[] = [];
      const machine = await assemble(chain(trace, { part: 'third', hook: 'dispose', how }), { deadlines: DEADLINES });
      const failures = failuresOf(machine);
      await machine.dispose();
      await machine.dispose();
      expect(trace.slice(-3)).toEqual(down('dispose'));
      expect(failures).toMatchObject([{ part: 'third', hook: 'dispose', error: { code } }]);
      expect(machine.state).toBe('disposed');
    });
  });

  it('keeps the cause, and takes the hint from it', async () => {
    const cause = Object.assign(new Error('no room'), {
      name: 'VivariumError',
      code: 'VIV_MEMORY_EXHAUSTED',
      hint: 'Ask for less.',
    });
    const how = () => {
      throw cause;
    };
    const error = await rejection(assemble(chain([], { part: 'first', hook: 'setup', how })));
    expect(error).toMatchObject({ cause, hint: 'Ask for less.' });
    expect(error.message).toMatch(/part "first" \(specimen-\d+@1\.0\.0\) failed in setup: no room/);
  });

  it('and then fails in teardown keeps its first error, with the later ones beside its cause', async () => {
    const spec = chain([], { part: 'second', hook: 'dispose', how: throwing });
    const last = plugin({
      requires: [Second],
      setup: () => {
        throw new Error('first of all');
      },
    });
    const error = await rejection(assemble({ ...spec, parts: [...spec.parts, { id: 'last', plugin: last }] }));
    expect(error).toMatchObject({ code: 'VIV_PLUGIN_HOOK_FAILED', details: { part: 'last', hook: 'setup' } });
    const { errors } = error.cause as AggregateError;
    expect(errors).toMatchObject([
      { message: 'first of all' },
      { code: 'VIV_PLUGIN_HOOK_FAILED', details: { part: 'second', hook: 'dispose' } },
    ]);
  });

  it('P6 by setting up too late is disposed when it comes', async () => {
    let deliver: (part: Part) => void = () => {};
    let disposed = 0;
    const late = plugin({
      setup: () =>
        new Promise<Part>((resolve) => {
          deliver = resolve;
        }),
    });
    const error = await rejection(
      assemble({ name: 'm', parts: [{ id: 'late', plugin: late }] }, { deadlines: { setup: 5 } }),
    );
    expect(error.code).toBe('VIV_PLUGIN_HOOK_TIMEOUT');
    const gone = new Promise<void>((resolve) => {
      deliver({
        dispose: () => {
          disposed++;
          resolve();
        },
      });
    });
    await gone;
    expect(disposed).toBe(1);
  });

  it('P12 leaves another machine of the same plugins as it is', async () => {
    const trace: string[] = [];
    const spec = chain(trace, { part: 'second', hook: 'pause', how: throwing });
    const [one, other] = [await assemble(spec), await assemble(spec)];
    await one.start();
    await other.start();
    expect(await rejection(one.pause())).toMatchObject({ code: 'VIV_PLUGIN_HOOK_FAILED' });
    await one.dispose();
    expect(other.state).toBe('running');
    expect(other.get(First)).toBe('first');
    await other.dispose();
  });

  it('has no voice after it was disposed', async () => {
    const seen: unknown[] = [];
    let speak = () => {};
    const talker = plugin({
      requires: [SystemBusToken],
      setup: ({ log, get }) => {
        speak = () => {
          log.info('still here');
          get(SystemBusToken);
        };
        return {};
      },
    });
    const machine = await assemble({ name: 'm', parts: [{ id: 'talker', plugin: talker }] });
    machine.events.on('log', (line) => seen.push(line));
    speak();
    expect(seen).toEqual([{ part: 'talker', level: 'info', message: 'still here' }]);
    await machine.dispose();
    expect(speak).toThrow(expect.objectContaining({ code: 'VIV_MACHINE_STATE' }));
    expect(seen).toHaveLength(1);
  });
});

describe('what setup returns', () => {
  const refused = async (part: unknown, fields: Parameters<typeof plugin>[0] = {}) => {
    let disposed = 0;
    const given = typeof part === 'object' && part !== null ? { dispose: () => void disposed++, ...part } : part;
    const error = await rejection(
      assemble({ name: 'm', parts: [{ id: 'a', plugin: plugin({ setup: () => given as Part, ...fields }) }] }),
    );
    return { error, disposed };
  };

  it.each([[undefined], [null], [7], ['part']])('%s is refused', async (part) => {
    expect((await refused(part)).error).toMatchObject({ code: 'VIV_PLUGIN_PART', details: { part: 'a' } });
  });

  it.each([
    ['a hook that is no function', { start: 1 }],
    ['provides that is no list', { provides: {} }],
    ['a binding without a token', { provides: [{ value: 1 }] }],
  ])('with %s is refused, and disposed', async (_what, part) => {
    expect(await refused(part)).toMatchObject({ error: { code: 'VIV_PLUGIN_PART' }, disposed: 1 });
  });

  it.each([
    ['provides a token that the manifest does not declare', { provides: [bind(First, 'x'), bind(Second, 'x')] }],
    ['does not provide a token that it declares', { provides: [] }],
    ['provides a token twice', { provides: [bind(First, 'x'), bind(First, 'y')] }],
    ['provides undefined', { provides: [{ token: First, value: undefined }] }],
  ])('that %s is refused, and disposed', async (_what, part) => {
    expect(await refused(part, { provides: [First] })).toMatchObject({
      error: { code: 'VIV_PLUGIN_PROVIDES' },
      disposed: 1,
    });
  });

  it('may be an instance of a class, whose hooks keep their this', async () => {
    class Counter implements Part {
      count = 0;
      start() {
        this.count++;
      }
    }
    const counter = new Counter();
    await using machine = await assemble({ name: 'm', parts: [{ id: 'a', plugin: plugin({ setup: () => counter }) }] });
    await machine.start();
    expect(counter.count).toBe(1);
  });

  it('shows in the parts of the machine, in the order of the spec', async () => {
    await using machine = await assemble({
      name: 'm',
      parts: [
        { id: 'pic', plugin: { ...controllerPlugin(controller()), name: 'pic', version: '2.0.0' } },
        {
          id: 'lamp',
          plugin: { ...devicePlugin(device(region())), name: 'lamp', grants: ['timers', 'interrupts'] },
          regions: { registers: 0 },
        },
        {
          id: 'clock',
          plugin: plugin({ provides: [ClockToken], setup: () => ({ provides: [bind(ClockToken, clock())] }) }),
        },
      ],
    });
    expect(machine.parts.slice(0, 2)).toEqual([
      { id: 'pic', plugin: 'pic', version: '2.0.0', provides: ['vivarium/interrupt-controller@1'], grants: [] },
      { id: 'lamp', plugin: 'lamp', version: '1.0.0', provides: [DeviceToken.id], grants: ['timers', 'interrupts'] },
    ]);
    expect(machine.name).toBe('m');
    expect(machine.maybe(CharPortToken)).toBeUndefined();
  });
});
