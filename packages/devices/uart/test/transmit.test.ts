import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

const IDLE = r.LSR_THRE | r.LSR_TEMT;

describe('transmitting', () => {
  it('sends each character to the backend at once', () => {
    const { backend, read, write } = makeRig();
    for (const byte of [0x68, 0xff, 0x00]) write(r.THR, byte);
    expect(backend.output).toEqual([0x68, 0xff, 0x00]);
    expect(read(r.LSR)).toBe(IDLE);
  });

  it('waits with a full FIFO for a backend that takes nothing, then sends all of it in order', () => {
    const { backend, read, write } = makeRig();
    write(r.FCR, r.FCR_ENABLE);
    backend.credit = 0;
    for (let byte = 0; byte < 16; byte += 1) write(r.THR, byte);
    expect(read(r.LSR) & IDLE).toBe(0);
    write(r.THR, 99);
    backend.drain(5);
    expect(backend.output).toEqual([0, 1, 2, 3, 4]);
    expect(read(r.LSR) & IDLE).toBe(0);
    write(r.THR, 16);
    backend.drain();
    expect(backend.output).toEqual(Array.from({ length: 17 }, (_, index) => index));
    expect(read(r.LSR)).toBe(IDLE);
  });

  it('holds one character without FIFOs', () => {
    const { backend, write } = makeRig();
    backend.credit = 0;
    write(r.THR, 1);
    write(r.THR, 2);
    backend.drain();
    expect(backend.output).toEqual([1]);
  });

  it('sends the views of one buffer: no allocation per byte', () => {
    const { backend, uart, write } = makeRig();
    const buffers = new Set<ArrayBufferLike>();
    const views = new Set<Uint8Array>();
    backend.write = (bytes) => {
      buffers.add(bytes.buffer);
      views.add(bytes);
      return bytes.length;
    };
    for (let count = 0; count < 1000; count += 1) write(r.THR, count & 0xff);
    expect(buffers.size).toBe(1);
    expect(views.size).toBe(1);
    uart.reset();
  });

  it('survives a backend that calls back from within write', () => {
    const { backend, uart, write } = makeRig();
    const { write: record } = backend;
    backend.write = (bytes) => {
      uart.drained();
      return record.call(backend, bytes);
    };
    write(r.THR, 1);
    write(r.THR, 2);
    expect(backend.output).toEqual([1, 2]);
  });

  it.each([Number.NaN, -3, 1e9, Number.POSITIVE_INFINITY])('survives a backend that says it took %d', (taken) => {
    const { backend, read, write } = makeRig();
    let calls = 0;
    backend.write = () => {
      calls += 1;
      return taken;
    };
    write(r.THR, 1);
    expect(calls).toBe(1);
    expect(read(r.LSR) & IDLE).toBe(taken > 0 ? IDLE : 0);
  });

  it('drops what waits on XMIT reset', () => {
    const { backend, read, write } = makeRig();
    write(r.FCR, r.FCR_ENABLE);
    backend.credit = 0;
    write(r.THR, 1);
    write(r.FCR, r.FCR_ENABLE | r.FCR_XMIT_RESET);
    expect(read(r.LSR) & IDLE).toBe(IDLE);
    backend.drain();
    expect(backend.output).toEqual([]);
  });
});

describe('the THR empty interrupt', () => {
  it('comes at once when it is enabled with THR empty, and reading IIR clears it', () => {
    const { line, read, write } = makeRig();
    write(r.IER, r.IER_ETBEI);
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_THR_EMPTY);
    expect(line.level).toBe(false);
    expect(read(r.IIR)).toBe(r.IIR_NONE);
    expect(read(r.LSR)).toBe(IDLE);
  });

  it('comes again each time it is enabled anew (the test that Linux makes at start-up)', () => {
    const { read, write } = makeRig();
    write(r.IER, r.IER_ETBEI);
    expect(read(r.IIR)).toBe(r.IIR_THR_EMPTY);
    write(r.IER, r.IER_ETBEI);
    expect(read(r.IIR)).toBe(r.IIR_NONE);
    write(r.IER, 0);
    write(r.IER, r.IER_ETBEI);
    expect(read(r.IIR)).toBe(r.IIR_THR_EMPTY);
  });

  it('comes again after each character sent', () => {
    const { line, read, write } = makeRig();
    write(r.IER, r.IER_ETBEI);
    read(r.IIR);
    write(r.THR, 1);
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_THR_EMPTY);
  });

  it('comes when the FIFO has drained and not before', () => {
    const { backend, line, read, write } = makeRig();
    write(r.FCR, r.FCR_ENABLE);
    write(r.IER, r.IER_ETBEI);
    backend.credit = 0;
    write(r.THR, 1);
    write(r.THR, 2);
    expect(line.level).toBe(false);
    backend.drain(1);
    expect(line.level).toBe(false);
    backend.drain();
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_FIFOS_ENABLED | r.IIR_THR_EMPTY);
  });

  it('is not cleared by reading IIR while a higher source is reported', () => {
    const { backend, line, read, write } = makeRig();
    write(r.IER, r.IER_ETBEI | r.IER_ERBFI);
    backend.type(1);
    expect(read(r.IIR)).toBe(r.IIR_DATA_AVAILABLE);
    read(r.RBR);
    expect(read(r.IIR)).toBe(r.IIR_THR_EMPTY);
    expect(line.level).toBe(false);
  });
});
