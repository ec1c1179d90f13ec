import type { VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { fakeCharBackend, type FakeVirtioQueueOptions, fakeVirtioQueue } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { VirtioConsole } from '../src/index.ts';
import * as r from '../src/registers.ts';

const SIGNALS = { configChanged: () => {}, needsReset: () => {} };
const MEBIBYTE = 1024 * 1024;

const bench = (options: FakeVirtioQueueOptions = {}) => {
  const [backend, agent] = [fakeCharBackend(), fakeCharBackend()];
  const device = new VirtioConsole(backend, [{ name: 'agent', backend: agent }]);
  const queues = device.queueSizes.map((size, index) => fakeVirtioQueue({ index, size, ...options }));
  device.connect();
  device.activate(device.features, queues, SIGNALS);
  const queue = (index: number) => queues[index] ?? fakeVirtioQueue();
  return {
    backend,
    agent,
    device,
    queue,
    post: (index: number, ...sizes: readonly number[]) => {
      for (const size of sizes) queue(index).submit(new Uint8Array(0), size);
      device.notified(index);
    },
    transmit: (index: number, bytes: Uint8Array) => {
      const request = queue(index).submit(bytes, 0);
      device.notified(index);
      return request;
    },
    received: (index: number) => queue(index).completed.flatMap(({ answer }) => [...answer]),
  };
};

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31) >> 2);
const message = (port: number, event: number, value: number): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(r.CONTROL_SIZE));
  bytes.setUint32(0, port, true);
  bytes.setUint16(4, event, true);
  bytes.setUint16(6, value, true);
  return new Uint8Array(bytes.buffer);
};

describe('G17 G18 output of the guest', () => {
  it('of a megabyte in one request reaches a host that takes it, and waits for one that does not', () => {
    const { backend, device, queue, transmit } = bench({ piece: 4096 });
    const bytes = pattern(MEBIBYTE);
    expect(transmit(1, bytes).written).toBe(0);
    expect(backend.output.length).toBe(MEBIBYTE);
    backend.room = 1000;
    transmit(1, bytes);
    for (let count = 0; count < 50; count++) transmit(1, bytes.subarray(0, 100));
    // What the host has no room for stays with the guest: nothing is kept here.
    expect([backend.output.length, queue(1).completed.length, queue(1).inFlight]).toEqual([MEBIBYTE + 1000, 1, 1]);
    backend.room = 5000;
    backend.drained();
    expect([backend.output.length, queue(1).completed.length]).toEqual([MEBIBYTE + 6000, 1]);
    backend.room = Number.POSITIVE_INFINITY;
    backend.drained();
    expect(queue(1).completed.length).toBe(52);
    expect(backend.output.subarray(MEBIBYTE, 2 * MEBIBYTE)).toEqual(bytes);
    expect(device.queueSizes[1]).toBe(128);
  });

  it('that waits is gone after a reset, and the next life begins with its own', () => {
    const { backend, device, queue, transmit } = bench();
    backend.room = 3;
    transmit(1, pattern(10));
    device.reset();
    queue(1).kill();
    backend.room = Number.POSITIVE_INFINITY;
    backend.drained();
    expect(backend.output.length).toBe(3);
    device.activate(device.features, [queue(0), queue(1)], SIGNALS);
    transmit(1, Uint8Array.of(9));
    expect([...backend.output.subarray(3)]).toEqual([9]);
  });
});

describe('G17 input for the guest', () => {
  it('waits when there are no buffers, however much it is, and comes in order when there are', () => {
    const { backend, post, received } = bench();
    const bytes = pattern(10_000);
    backend.send(bytes.subarray(0, 4000));
    backend.send(bytes.subarray(4000));
    expect(backend.waiting).toBe(10_000);
    for (const size of [0, 1, 10, 0, 100]) post(0, size);
    expect(backend.waiting).toBe(10_000 - 111);
    while (backend.waiting > 0) post(0, 1000);
    expect(Uint8Array.from(received(0))).toEqual(bytes);
  });

  it('ends with the queue when a driver gives nothing but empty buffers, again and again', () => {
    const backend = fakeCharBackend();
    const device = new VirtioConsole(backend, []);
    let taken = 0;
    const empty: VirtioRequest = {
      ...{ readableLength: 0, writableLength: 0, live: true },
      readable: () => [],
      writable: () => [],
      read: () => new Uint8Array(0),
      write: () => 0,
    };
    // As in a machine whose other vCPU goes on while the device works.
    const endless: VirtioQueue = {
      ...{ index: 0, size: 128 },
      take: () => {
        taken += 1;
        return taken > 100_000 ? undefined : empty;
      },
      ...{ putBack: () => {}, complete: () => {}, completeAll: () => {} },
    };
    device.connect();
    device.activate(0n, [endless, undefined], SIGNALS);
    backend.send(Uint8Array.of(1, 2, 3));
    expect(taken).toBeLessThanOrEqual(2 * 128);
    expect(backend.waiting).toBe(3);
  });
});

describe('G18 control messages', () => {
  it('of any kind and length come back, and make the device say a bounded amount', () => {
    const { device, queue, transmit, post, received } = bench();
    for (let round = 0; round < 1000; round++) {
      for (const port of [0, 1, 2, 31, 0xffff_ffff])
        transmit(3, message(port, round % 12, round % 3 === 0 ? 1 : 0xffff));
      transmit(3, new Uint8Array(round % 8));
      device.resize(1 + (round % 500), 25);
    }
    expect(queue(3).completed.length).toBe(6000);
    for (let count = 0; count < 2000; count++) post(2, 64);
    expect(queue(2).completed.length).toBeLessThanOrEqual(256);
    expect(queue(2).completed.length).toBeGreaterThan(0);
    expect(received(2).length).toBeGreaterThan(0);
    // It still talks.
    queue(2).kill();
    const before = queue(2).completed.length;
    transmit(3, message(0, r.VIRTIO_CONSOLE_PORT_READY, 1));
    for (let count = 0; count < 8; count++) post(2, 64);
    expect(queue(2).completed.length - before).toBe(4);
  });

  it('are answered into buffers that are too small for them as far as they fit', () => {
    const { queue, transmit, post } = bench();
    transmit(3, message(0, r.VIRTIO_CONSOLE_DEVICE_READY, 1));
    for (const size of [0, 1, 7, 8]) post(2, size);
    expect(queue(2).completed.map(({ written }) => written)).toEqual([0, 1]);
  });
});

describe('G26 whatever is cut anywhere', () => {
  it.each([1, 2, 3, 7])('into pieces of %d bytes is the same', (piece) => {
    const { backend, agent, post, transmit, received } = bench({ piece });
    transmit(1, pattern(100));
    transmit(5, pattern(50));
    expect([backend.output, agent.output]).toEqual([pattern(100), pattern(50)]);
    agent.send(pattern(60));
    post(4, 64);
    expect(Uint8Array.from(received(4))).toEqual(pattern(60));
    transmit(3, message(1, r.VIRTIO_CONSOLE_PORT_READY, 1));
    for (let count = 0; count < 4; count++) post(2, 64);
    expect(new TextDecoder().decode(Uint8Array.from(received(2)))).toContain('agent');
  });
});
