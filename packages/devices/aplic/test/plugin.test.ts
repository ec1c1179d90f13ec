import {
  bind,
  type CpuCore,
  CpuCoreToken,
  DeviceToken,
  type InterruptFiles,
  InterruptFilesToken,
} from '@vivarium/contracts';
import { fakeInterrupt, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { aplic, aplicOptions } from '../src/index.ts';
import { makeRig } from './rig.ts';

const setUp = (options: object, harts: number, files?: Partial<InterruptFiles>) => {
  const vcpus = Array.from({ length: harts }, (_, index) => ({ index, interruptInput: () => fakeInterrupt() }));
  const core = { architecture: 'riscv64', vcpus } as unknown as CpuCore;
  const all: InterruptFiles = { identities: 255, label: (level) => `imsic-${level}`, send: () => {}, ...files };
  return setupPart(aplic, {
    id: 'aplic',
    options,
    provide: [bind(CpuCoreToken, core), ...(files === undefined ? [] : [bind(InterruptFilesToken, all)])],
  });
};

const trees = async (...parameters: Parameters<typeof setUp>) => {
  const { part } = await setUp(...parameters);
  return (part.provides ?? []).flatMap(({ token, value }) =>
    token.id === DeviceToken.id ? [(value as { readonly deviceTree: unknown }).deviceTree] : [],
  );
};

const common = {
  compatible: ['qemu,aplic', 'riscv,aplic'],
  'interrupt-controller': true,
  '#interrupt-cells': 2,
  '#address-cells': 0,
};

describe('the APLIC plugin', () => {
  it('names the harts that it drives itself', async () => {
    expect(plugin).toBe(aplic);
    const harts = (cause: number) => [{ phandle: 'cpu0-intc' }, cause, { phandle: 'cpu1-intc' }, cause];
    expect(await trees({ sources: 40 }, 2)).toEqual([
      {
        name: 'interrupt-controller',
        label: 'aplic',
        properties: { ...common, 'riscv,num-sources': 40, 'interrupts-extended': harts(9) },
      },
      {
        name: 'interrupt-controller',
        label: 'aplic-machine',
        properties: {
          ...common,
          'riscv,num-sources': 40,
          'interrupts-extended': harts(11),
          'riscv,children': [{ phandle: 'aplic' }],
          'riscv,delegation': [{ phandle: 'aplic' }, 1, 40],
          'riscv,delegate': [{ phandle: 'aplic' }, 1, 40],
        },
      },
    ]);
  });

  it('names the interrupt files that it sends to, and is alone for a machine without firmware in it', async () => {
    expect(await trees({ machine: false }, 1, {})).toEqual([
      {
        name: 'interrupt-controller',
        label: 'aplic',
        properties: { ...common, 'riscv,num-sources': 96, 'msi-parent': [{ phandle: 'imsic-supervisor' }] },
      },
    ]);
  });

  it('refuses harts that it cannot drive, levels that the files do not have, and sources out of range', async () => {
    await expect(setUp({}, 513)).rejects.toMatchObject({ code: 'VIV_APLIC_HARTS' });
    await expect(setUp({}, 513, {})).resolves.toBeDefined();
    const label = (level: string) => (level === 'machine' ? undefined : 'imsic');
    await expect(setUp({}, 1, { label })).rejects.toMatchObject({ code: 'VIV_APLIC_LEVEL' });
    await expect(setUp({ machine: false }, 1, { label })).resolves.toBeDefined();
    for (const sources of [0, 1024]) expect(aplicOptions.safeParse({ sources }).success).toBe(false);
  });
});

const busy = (messages: boolean) => {
  const rig = makeRig({ messages });
  for (const source of [4, 5, 6]) rig.write(4 * source, 0x400, 'machine');
  for (const source of [4, 5]) rig.write(4 * source, 6);
  rig.write(4 * 6, 4);
  rig.write(4 * 7, 6, 'machine');
  for (const source of [4, 5, 6]) rig.write(0x3000 + 4 * source, source);
  rig.write(0x1e00, 0x70);
  rig.write(0x4000, 1);
  for (const source of [4, 6, 7]) rig.wire(source, true);
  return rig;
};

describe.each([true, false])('the state of an APLIC, messages: %s', (messages) => {
  const saved = () => {
    const from = busy(messages);
    from.write(0, 0x100);
    return from.domains.map((domain) => domain.state.save());
  };

  it.each([
    [0, 1],
    [1, 0],
  ])('goes into another, in any order, which goes on where the first was', (...order) => {
    const states = saved();
    const to = makeRig({ messages });
    for (const index of order) to.domains[index]?.state.restore(states[index] ?? null, 1);
    expect(to.domains.map((domain) => domain.state.save())).toEqual(states);
    to.sent();
    // Devices that are restored drive their wires as they did: that is nothing new.
    for (const source of [4, 6, 7]) to.wire(source, true);
    expect(to.domains.map((domain) => domain.state.save())).toEqual(states);
    expect(to.sent()).toEqual([]);
    expect(to.told()).toEqual(messages ? [false, false] : [true, false]);
    to.wire(5, true);
    expect(messages ? to.sent().map(({ identity }) => identity) : to.read(0x401c) >>> 16).toEqual(messages ? [5] : 4);
  });

  const [supervisor] = saved();
  const changed = (changes: object) => ({ ...(supervisor as object), ...changes });
  const list = (length: number, changes: Readonly<Record<number, number>>) =>
    Array.from({ length }, (_, index) => changes[index] ?? 0);

  it.each([
    ['nothing', null, 1],
    ['another version', supervisor, 2],
    ['other sources', makeRig({ messages, sources: 40 }).domain('supervisor').state.save(), 1],
    ['other delivery', makeRig({ messages: !messages }).domain('supervisor').state.save(), 1],
    ['a source that does not exist', changed({ pending: list(4, { 0: 1 }) }), 1],
    ['a source that is pending and not active', changed({ pending: list(4, { 2: 1 }) }), 1],
    ['a mode that does not exist', changed({ config: list(97, { 4: 2 }) }), 1],
    ['delegation to nowhere', changed({ config: list(97, { 4: 0x400 }) }), 1],
    ['a source that it does not have', changed({ config: list(97, { 9: 6 }) }), 1],
    ['a level that is pending and not there', changed({ wires: list(4, {}), pending: list(4, { 0: 0x10 }) }), 1],
    ['a target of an inactive source', changed({ target: list(97, { 50: 1 }) }), 1],
    ['a delivery that is none', changed({ delivery: [[], [], []] }), 1],
  ])('refuses %s and is reset', (_name, state, version) => {
    const rig = busy(messages);
    const { state: codec } = rig.domain('supervisor');
    expect(() => codec.restore(state ?? null, version)).toThrow(expect.objectContaining({ code: 'VIV_APLIC_STATE' }));
    expect(rig.told()).toEqual([false, false]);
    expect([0x1c00, 0x1e00, 4 * 4, 0x3010].map((offset) => rig.read(offset))).toEqual([0, 0, 0, 0]);
  });
});
