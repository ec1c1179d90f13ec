import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

describe('modem lines', () => {
  it('show a modem that is there and ready', () => {
    const { read } = makeRig();
    expect(read(r.MSR)).toBe(r.MSR_CTS | r.MSR_DSR | r.MSR_DCD);
  });

  it('follow MCR in loop-back (the test by which Linux finds a 16550)', () => {
    const { read, write } = makeRig();
    write(r.MCR, r.MCR_LOOP | r.MCR_OUT2 | r.MCR_RTS);
    expect(read(r.MSR) & r.MSR_LINES).toBe(r.MSR_DCD | r.MSR_CTS);
    write(r.MCR, r.MCR_LOOP | r.MCR_OUT1 | r.MCR_DTR);
    expect(read(r.MSR) & r.MSR_LINES).toBe(r.MSR_RI | r.MSR_DSR);
  });

  it('report what changed since the last read, the ring indicator at its end only', () => {
    const { line, read, write } = makeRig();
    write(r.MCR, r.MCR_LOOP);
    read(r.MSR);
    write(r.IER, r.IER_EDSSI);
    write(r.MCR, r.MCR_LOOP | r.MCR_OUT1);
    expect(read(r.MSR) & r.MSR_DELTAS).toBe(0);
    write(r.MCR, r.MCR_LOOP | r.MCR_RTS);
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_MODEM_STATUS);
    expect(read(r.MSR)).toBe(r.MSR_CTS | r.MSR_TERI | r.MSR_DCTS);
    expect(line.level).toBe(false);
    write(r.MCR, r.MCR_LOOP | r.MCR_DTR | r.MCR_OUT2);
    expect(read(r.MSR) & r.MSR_DELTAS).toBe(r.MSR_DCTS | r.MSR_DDSR | r.MSR_DDCD);
  });
});

describe('loop-back', () => {
  it('brings what is sent back to the receiver and nothing to the backend', () => {
    const { backend, read, write } = makeRig();
    write(r.MCR, r.MCR_LOOP);
    write(r.THR, 0x5a);
    expect(backend.output).toEqual([]);
    expect(read(r.LSR)).toBe(r.LSR_DR | r.LSR_THRE | r.LSR_TEMT);
    expect(read(r.RBR)).toBe(0x5a);
  });

  it('holds back the line until it ends', () => {
    const { backend, read, write } = makeRig();
    write(r.MCR, r.MCR_LOOP);
    backend.type(1);
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
    write(r.MCR, 0);
    expect(read(r.RBR)).toBe(1);
  });

  it('overruns: the FIFO keeps its 16 characters, the single buffer is replaced', () => {
    const { line, read, write } = makeRig();
    write(r.IER, r.IER_ELSI);
    write(r.MCR, r.MCR_LOOP);
    write(r.THR, 1);
    write(r.THR, 2);
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_LINE_STATUS);
    expect(read(r.LSR) & r.LSR_OE).toBe(r.LSR_OE);
    expect(line.level).toBe(false);
    expect(read(r.LSR) & r.LSR_OE).toBe(0);
    expect(read(r.RBR)).toBe(2);
    write(r.FCR, r.FCR_ENABLE);
    for (let byte = 0; byte < 17; byte += 1) write(r.THR, byte);
    expect(read(r.LSR) & r.LSR_OE).toBe(r.LSR_OE);
    const got = Array.from({ length: 16 }, () => read(r.RBR));
    expect(got).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
  });

  it('receives a break as one zero character whose flag shows when it reaches the top', () => {
    const { read, write } = makeRig();
    write(r.FCR, r.FCR_ENABLE);
    write(r.MCR, r.MCR_LOOP);
    write(r.THR, 0x41);
    write(r.LCR, 0x03 | r.LCR_BREAK);
    write(r.LCR, 0x03 | r.LCR_BREAK);
    expect(read(r.LSR) & (r.LSR_BI | r.LSR_FIFO_ERROR)).toBe(r.LSR_FIFO_ERROR);
    expect(read(r.RBR)).toBe(0x41);
    expect(read(r.LSR) & (r.LSR_BI | r.LSR_FIFO_ERROR)).toBe(r.LSR_BI | r.LSR_FIFO_ERROR);
    expect(read(r.LSR) & (r.LSR_BI | r.LSR_FIFO_ERROR)).toBe(0);
    expect(read(r.RBR)).toBe(0);
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
  });
});
