import { bind, type PciFunction, PciFunctionToken, type PciSlot, PciSlotToken } from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { pciPlug } from '../src/index.ts';

const subject: PciFunction = {
  bars: [],
  readConfig: () => 0,
  writeConfig: () => {},
  barBase: () => undefined,
  attach: () => {},
  reset: () => {},
};

const made = async () => {
  const seen: string[] = [];
  const slot: PciSlot = {
    occupied: false,
    released: false,
    plug: (plugged) => {
      if (seen.includes('full')) throw new Error('taken');
      seen.push(plugged === subject ? 'in' : 'odd');
      return () => void seen.push('out');
    },
    requestRelease: () => {},
    onRelease: () => () => {},
  };
  const { part } = await setupPart(pciPlug, { provide: [bind(PciFunctionToken, subject), bind(PciSlotToken, slot)] });
  return { part, seen };
};

describe('the plug', () => {
  it('puts the function in when it starts and takes it out, once, when it stops', async () => {
    const { part, seen } = await made();
    expect(seen).toEqual([]);
    await part.start?.();
    await part.stop?.();
    await part.dispose?.();
    expect(seen).toEqual(['in', 'out']);
  });

  it('leaves alone what another has put into the slot', async () => {
    const { part, seen } = await made();
    seen.push('full');
    expect(() => part.start?.()).toThrow('taken');
    await part.dispose?.();
    expect(seen).toEqual(['full']);
  });
});
