import type { StateValue } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

/** A UART with something in every field. */
const busy = () => {
  const rig = makeRig();
  rig.write(r.LCR, r.LCR_DLAB);
  rig.write(r.DLL, 2);
  rig.write(r.LCR, 3);
  rig.write(r.FCR, r.FCR_ENABLE | (1 << r.FCR_TRIGGER_SHIFT));
  rig.write(r.SCR, 0x77);
  rig.backend.type(1, 2, 3, 4, 5);
  rig.write(r.IER, r.IER_ERBFI | r.IER_ETBEI);
  rig.backend.credit = 0;
  rig.write(r.THR, 0x61);
  rig.write(r.THR, 0x62);
  return rig;
};

describe('the state of a UART', () => {
  it('goes into another UART, which goes on where the first was', () => {
    const from = busy();
    const saved = from.uart.state.save();
    const to = makeRig();
    to.uart.state.restore(saved, 1);
    expect(to.line.level).toBe(true);
    expect(to.backend.output).toEqual([0x61, 0x62]);
    expect([to.read(r.RBR), to.read(r.RBR)]).toEqual([1, 2]);
    expect(to.read(r.SCR)).toBe(0x77);
    expect(to.read(r.IIR) & 0x0f).toBe(r.IIR_CHARACTER_TIMEOUT);
  });

  it('is the same after a round trip', () => {
    const from = busy();
    const saved = from.uart.state.save();
    const to = makeRig();
    to.backend.credit = 0;
    to.uart.state.restore(saved, 1);
    expect(to.uart.state.save()).toEqual(saved);
  });

  it('shares nothing with the running device', () => {
    const from = busy();
    const saved = from.uart.state.save();
    const copy = structuredClone(saved);
    from.write(r.FCR, 0);
    from.write(r.THR, 1);
    expect(saved).toEqual(copy);
  });

  it.each([
    ['nothing', null, 1],
    ['another version', busy().uart.state.save(), 2],
    ['a missing field', { ier: 0 }, 1],
    ['a register out of range', { ...(busy().uart.state.save() as object), ier: 0x1ff }, 1],
    ['an unknown field', { ...(busy().uart.state.save() as object), more: 1 }, 1],
    ['too many characters', { ...(busy().uart.state.save() as object), received: new Uint8Array(17) }, 1],
    ['characters without errors', { ...(busy().uart.state.save() as object), receivedErrors: new Uint8Array(0) }, 1],
    [
      'a flag that is no error',
      { ...(busy().uart.state.save() as object), receivedErrors: Uint8Array.of(0, 0, 0, 0, 1) },
      1,
    ],
    ['a FIFO in use while off', { ...(busy().uart.state.save() as object), fcr: 0 }, 1],
  ])('refuses %s and is reset', (_name, state, version) => {
    const rig = busy();
    expect(() => rig.uart.state.restore(state, version)).toThrow(expect.objectContaining({ code: 'VIV_UART_STATE' }));
    expect(rig.line.level).toBe(false);
    expect(rig.read(r.SCR)).toBe(0);
    expect(rig.read(r.LSR)).toBe(r.LSR_THRE | r.LSR_TEMT);
  });

  it('refuses or survives anything', () => {
    const field = fc.constantFrom('ier', 'fcr', 'lcr', 'mcr', 'lineErrors', 'received', 'transmitting', '__proto__');
    fc.assert(
      fc.property(field, fc.anything(), (name, value) => {
        const rig = makeRig();
        try {
          rig.uart.state.restore({ ...(rig.uart.state.save() as object), [name]: value } as StateValue, 1);
        } catch (error) {
          expect(error).toMatchObject({ code: 'VIV_UART_STATE' });
        }
        for (let offset = 0; offset < 8; offset += 1) rig.read(offset);
      }),
    );
  });
});
