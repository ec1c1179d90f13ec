import { VirtioDeviceToken } from '@vivarium/contracts';
import { fakeVirtioQueue, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { options, sampleDevice } from '../src/index.ts';

const NO_SIGNALS = { configChanged: () => {}, needsReset: () => {} };

/** The device as its transport sees it, with a driver's queue attached. */
const started = async (given: unknown = {}) => {
  const device = (await setupPart(sampleDevice, { options: given })).get(VirtioDeviceToken);
  const queue = fakeVirtioQueue();
  device.reset();
  device.activate(device.features, [queue], NO_SIGNALS);
  const ask = (length: number): string => {
    const request = queue.submit(new Uint8Array(0), length);
    device.notified(0);
    return new TextDecoder().decode(request.answer);
  };
  return { device, queue, ask };
};

describe('the device', () => {
  it('fills what the guest gives it', async () => {
    const { ask } = await started();
    expect(ask(11)).toBe('hello hello');
  });

  it('goes on where the last answer ended', async () => {
    const { ask } = await started({ text: 'abc' });
    expect([ask(2), ask(2)]).toEqual(['ab', 'ca']);
  });

  it('starts over after a reset', async () => {
    const { device, queue, ask } = await started({ text: 'abc' });
    ask(2);
    device.reset();
    device.activate(device.features, [queue], NO_SIGNALS);
    expect(ask(2)).toBe('ab');
  });

  it('gives at most 4096 bytes at once, however much the guest asks for', async () => {
    const { ask } = await started();
    expect(ask(100_000)).toHaveLength(4096);
  });
});

describe('its options', () => {
  it.each([{ text: '' }, { text: 'x'.repeat(257) }, { text: 7 }, { txt: 'hello' }])('refuse %o', (given) => {
    expect(options.safeParse(given).success).toBe(false);
  });
});
