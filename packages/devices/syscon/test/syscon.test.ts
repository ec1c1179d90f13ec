import { DeviceToken, type PowerRequest, PowerControlToken, type SetupContext } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { poweroffNode, rebootNode, syscon, type TestFinisher } from '../src/index.ts';

const makeRig = async () => {
  const requests: PowerRequest[] = [];
  const part = await syscon.setup({
    id: 'syscon0',
    get: (token: unknown) =>
      token === PowerControlToken ? { request: (request: PowerRequest) => requests.push(request) } : undefined,
  } as unknown as SetupContext<undefined>);
  const device = part.provides?.find((binding) => binding.token.id === DeviceToken.id)?.value as TestFinisher;
  return { device, requests, region: device.regions[0] };
};

describe('the syscon', () => {
  it.each([
    [0x5555, { kind: 'power-off' }],
    [0x7777, { kind: 'reboot' }],
    [0x0007_3333, { kind: 'failure', code: 7 }],
    [0xffff_3333, { kind: 'failure', code: 0xffff }],
    [0x0001_5555, { kind: 'power-off' }],
  ])('takes %i as %o', async (value, request) => {
    const { region, requests } = await makeRig();
    region.write(0, 4, value);
    expect(requests).toEqual([request]);
  });

  it('takes a 16-bit write, too', async () => {
    const { region, requests } = await makeRig();
    region.write(0, 2, 0x5555);
    expect(requests).toEqual([{ kind: 'power-off' }]);
  });

  it('ignores everything else and reads 0', async () => {
    const { region, requests } = await makeRig();
    region.write(0, 4, 0);
    region.write(0, 4, 0x5554);
    region.write(4, 4, 0x5555);
    region.write(0, 1, 0x55);
    expect(requests).toEqual([]);
    expect(region.read(0, 4)).toBe(0);
  });

  it('never throws, and asks only for what exists', async () => {
    const { region, requests } = await makeRig();
    fc.assert(
      fc.property(
        fc.nat(0xffc),
        fc.constantFrom(1 as const, 2 as const, 4 as const),
        fc.nat(0xffff_ffff),
        (at, width, value) => {
          const offset = at - (at % width);
          region.write(offset, width, value % 2 ** (8 * width));
          expect(region.read(offset, width)).toBe(0);
        },
      ),
    );
    for (const { kind } of requests) expect(['power-off', 'reboot', 'failure']).toContain(kind);
  });

  it('describes itself and its two requests in the device tree', async () => {
    expect(plugin).toBe(syscon);
    const { device } = await makeRig();
    expect(device.deviceTree).toEqual({
      name: 'test',
      label: 'syscon0',
      properties: { compatible: ['sifive,test1', 'sifive,test0', 'syscon'] },
    });
    expect(poweroffNode('syscon0')).toEqual({
      name: 'poweroff',
      properties: { compatible: 'syscon-poweroff', regmap: [{ phandle: 'syscon0' }], offset: 0, value: 0x5555 },
    });
    expect(rebootNode('syscon0')).toEqual({
      name: 'reboot',
      properties: { compatible: 'syscon-reboot', regmap: [{ phandle: 'syscon0' }], offset: 0, value: 0x7777 },
    });
  });

  it('has no state to save and refuses any other', async () => {
    const { device } = await makeRig();
    device.state.restore(device.state.save(), 1);
    for (const [state, version] of [
      [1, 1],
      [null, 2],
    ] as const) {
      expect(() => device.state.restore(state, version)).toThrow(expect.objectContaining({ code: 'VIV_SYSCON_STATE' }));
    }
  });
});
