import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bind, CONTRACTS_MAJOR, definePlugin, type Device, DeviceToken, SystemBusToken } from '@vivarium/contracts';
import { assemble } from '@vivarium/kernel';
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceTracer } from '../src/device-trace.ts';
import { TraceFile } from '../src/trace-file.ts';

/** A device whose methods need their own `this`, as those of classes with private fields do. */
class Lamp implements Device {
  #lit = 0;
  resets = 0;
  readonly regions = [
    {
      name: 'registers',
      length: 16,
      read: (_offset: number, width: number) => this.#lit & (2 ** (8 * width) - 1),
      write: (_offset: number, _width: number, value: number) => {
        this.#lit = value;
      },
      read64: (offset: number) => (offset === 8 ? 0x1122_3344_5566_7788n : 0n),
    },
  ];

  reset(): void {
    this.#lit = 0;
    this.resets += 1;
  }

  get deviceTree() {
    return { name: 'lamp', properties: { lit: this.#lit } };
  }
}

class LampPart {
  #started = false;
  readonly provides = [bind(DeviceToken, new Lamp())];

  start(): void {
    this.#started = true;
  }

  stop(): void {
    if (!this.#started) throw new Error('stopped before it was started');
  }
}

const lamp = definePlugin({
  name: 'lamp',
  version: '1.0.0',
  api: CONTRACTS_MAJOR,
  provides: [DeviceToken],
  setup: () => new LampPart(),
});

const folder = mkdtempSync(join(tmpdir(), 'device-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two lamps, one plugin given and one loaded, with their trace. */
const lamps = async (limits: { readonly lines: number; readonly rate: number }) => {
  const path = join(folder, 'trace');
  let now = 1_000_000;
  const tracer = new DeviceTracer(new TraceFile('--trace-devices', path), limits, () => now);
  const spec = {
    name: 'desk',
    parts: [
      { id: 'lamp0', plugin: lamp, regions: { registers: 0x1000 } },
      { id: 'lamp1', plugin: './lamp', regions: { registers: 0x2000 } },
      { id: 'lamp2', plugin: lamp, regions: { registers: 0x3000 } },
    ],
  };
  const machine = await assemble(tracer.spec(spec), { load: tracer.load(async () => ({ plugin: lamp })) });
  tracer.follow(machine);
  await machine.start();
  const bus = machine.get(SystemBusToken);
  return {
    bus,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    end: async (): Promise<string[]> => {
      await machine.stop();
      await machine.dispose();
      tracer[Symbol.dispose]();
      return readFileSync(path, 'utf8').trimEnd().split('\n');
    },
  };
};

describe('a trace of devices', () => {
  it('holds each access with its part, place, direction, width and value, and changes nothing', async () => {
    const { bus, end } = await lamps({ lines: 100, rate: 100 });
    expect(bus.write(0x1004, 2, 0xabcd)).toBe(true);
    expect(bus.read(0x1000, 4)).toBe(0xabcd);
    expect(bus.read(0x2001, 1)).toBe(0);
    expect(bus.read64(0x3008)).toBe(0x1122_3344_5566_7788n);
    expect(bus.write64(0x3000, 0x1_0000_0002n)).toBe(true);
    expect(bus.read(0x3000, 4)).toBe(1);
    expect(bus.placements[0].device.deviceTree?.properties).toEqual({ lit: 0xabcd });
    expect((bus.placements[0].device as Lamp).resets).toBe(1);
    expect(await end()).toEqual([
      '0.000000000 lamp0 registers+0x4 write 2 0xabcd',
      '0.000000000 lamp0 registers+0x0 read 4 0xabcd',
      '0.000000000 lamp1 registers+0x1 read 1 0x0',
      '0.000000000 lamp2 registers+0x8 read 8 0x1122334455667788',
      '0.000000000 lamp2 registers+0x0 write 4 0x2',
      '0.000000000 lamp2 registers+0x4 write 4 0x1',
      '0.000000000 lamp2 registers+0x0 read 4 0x1',
    ]);
  });

  it('counts what is above the rate, and goes on in the next second', async () => {
    const { bus, pass, end } = await lamps({ lines: 100, rate: 3 });
    for (let count = 0; count < 10; count += 1) bus.read(0x1000, 1);
    pass(999);
    bus.read(0x1001, 1);
    pass(1);
    bus.read(0x1002, 1);
    for (let count = 0; count < 4; count += 1) bus.read(0x1003, 1);
    const lines = await end();
    expect(lines.map((text) => text.replace(/^0\.0* lamp0 registers/, ''))).toEqual([
      '+0x0 read 1 0x0',
      '+0x0 read 1 0x0',
      '+0x0 read 1 0x0',
      '# 8 accesses more than 3 in a second',
      '+0x2 read 1 0x0',
      '+0x3 read 1 0x0',
      '+0x3 read 1 0x0',
      '# 2 accesses more than 3 in a second',
    ]);
  });

  it('ends at its limit, and devices go on', async () => {
    const { bus, end } = await lamps({ lines: 2, rate: 100 });
    for (let value = 1; value <= 5; value += 1) bus.write(0x1000, 4, value);
    expect(bus.read(0x1000, 4)).toBe(5);
    const lines = await end();
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('# the trace ends here: 2 accesses');
  });

  it('leaves plugins that are none for the kernel to refuse', async () => {
    const tracer = new DeviceTracer(new TraceFile('--trace-devices', join(folder, 'none')), { lines: 1, rate: 1 });
    const load = tracer.load(async () => ({ default: 7 }));
    const parts = [{ id: 'odd', plugin: 'odd' }];
    await expect(assemble(tracer.spec({ name: 'odd', parts }), { load })).rejects.toMatchObject({
      code: 'VIV_PLUGIN_MANIFEST',
    });
    tracer[Symbol.dispose]();
  });
});
