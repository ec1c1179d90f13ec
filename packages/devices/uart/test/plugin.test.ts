import { CharBackendToken, DeviceToken, type SetupContext } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import plugin, { type Uart16550, uart, uartOptions } from '../src/index.ts';
import { FakeBackend, FakeLine } from './rig.ts';

const setUp = async (given: unknown) => {
  const backend = new FakeBackend();
  const line = new FakeLine();
  const options = uartOptions.parse(given);
  const part = await uart.setup({
    id: 'uart0',
    options,
    get: (token: unknown) => (token === CharBackendToken ? backend : undefined),
    grants: { interrupt: (name: string) => (name === 'interrupt' ? line : undefined) },
  } as unknown as SetupContext<typeof options>);
  const device = part.provides?.find((binding) => binding.token.id === DeviceToken.id)?.value as Uart16550;
  return { part, device, backend, line };
};

describe('the UART plugin', () => {
  it('describes itself in the device tree', async () => {
    expect(plugin).toBe(uart);
    const { device } = await setUp(undefined);
    expect(device.deviceTree).toEqual({
      name: 'serial',
      label: 'uart0',
      properties: { compatible: 'ns16550a', 'clock-frequency': 3_686_400 },
    });
    expect(device.interrupts).toEqual(['interrupt']);
    expect(device.regions.map(({ name, length }) => ({ name, length }))).toEqual([
      { name: 'registers', length: 0x100 },
    ]);
    const faster = await setUp({ clockFrequency: 1_843_200 });
    expect(faster.device.deviceTree.properties['clock-frequency']).toBe(1_843_200);
    expect(uartOptions.safeParse({ clockFrequency: 0 }).success).toBe(false);
  });

  it('keeps what the host typed before power-on', async () => {
    const { part, device, backend } = await setUp(undefined);
    backend.queued.push(0x41);
    await part.wire?.();
    device.reset();
    await part.start?.();
    expect(device.regions[0].read(0, 1)).toBe(0x41);
  });

  it('is as after power-on after a reset, with its line low', async () => {
    const { part, device, backend, line } = await setUp(undefined);
    await part.start?.();
    const fresh = device.state.save();
    device.regions[0].write(1, 1, 0x0f);
    device.regions[0].write(2, 1, 0x81);
    backend.type(1, 2, 3);
    expect(line.level).toBe(true);
    device.reset();
    expect(line.level).toBe(false);
    expect(device.state.save()).toEqual(fresh);
  });
});
