import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TARGETS } from '../src/devices.ts';

const TRANSPORTS = ['mmio', 'pci'];

it('attacks every virtio device there is', () => {
  const devices = readdirSync(new URL('../../../packages/virtio', import.meta.url));
  const attacked = new Set(TARGETS.map(({ name }) => name.split(',')[0]));
  expect(devices.filter((name) => !TRANSPORTS.includes(name)).sort()).toEqual([...attacked].sort());
});
