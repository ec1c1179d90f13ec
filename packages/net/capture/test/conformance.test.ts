import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bind, type NetBackend, NetBackendToken, type NetFrame, type NetHandlers } from '@vivarium/contracts';
import { concatenate, frameOf } from '@vivarium/net-packet';
import { netBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { netCapture } from '../src/index.ts';

const QUEUE = 64;
const LONGEST = 1514;

/** Sends every sound frame back with its addresses swapped, as soon as the device has room. */
class Echo implements NetBackend {
  readonly accepts = { checksum: true, tcp4: true };
  readonly linkUp = true;
  readonly #queue: NetFrame[] = [];
  #handlers: NetHandlers | undefined;
  #delivering = false;
  #full = false;

  send(frame: NetFrame): boolean {
    const length = frame.pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length !== frame.length || length < 14 || length > LONGEST) return true;
    const bytes = concatenate(frame.pieces);
    const answer = bytes.slice();
    answer.set(bytes.subarray(6, 12), 0);
    answer.set(bytes.subarray(0, 6), 6);
    if (this.#queue.length < QUEUE) this.#queue.push(frameOf(answer));
    this.#deliver();
    return true;
  }

  connect(handlers: NetHandlers): void {
    this.#handlers = handlers;
    this.resume();
  }

  resume(): void {
    this.#full = false;
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#full) {
      const [next] = this.#queue;
      if (next === undefined || this.#handlers === undefined) break;
      this.#full = !this.#handlers.receive(next);
      if (!this.#full) this.#queue.shift();
    }
    this.#delivering = false;
  }
}

const make = async (options: object = {}) => {
  const pieces: Uint8Array[] = [];
  const part = await setupPart(netCapture, {
    options: { write: (bytes: Uint8Array) => pieces.push(bytes), ...options },
    provide: [bind(NetBackendToken, new Echo())],
  });
  return { part, pieces, backend: part.get(NetBackendToken) };
};

const question = (index: number): Uint8Array =>
  Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, index >> 8, index & 0xff, 7, 7]);

describe('a network behind a capture', () => {
  const suite = netBackendSuite(async () => ({
    backend: (await make()).backend,
    question,
    isAnswer: (index, frame) => frame.length === 18 && frame[14] === index >> 8 && frame[15] === (index & 0xff),
  }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

/** A device with room for everything. */
const device: NetHandlers = { accepts: {}, receive: () => true, drained: () => {}, linkChanged: () => {} };

/** What tshark says of each packet. */
const read = (pieces: readonly Uint8Array[], ...fields: readonly string[]): readonly string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'viv-capture-'));
  try {
    const file = join(folder, 'a.pcapng');
    writeFileSync(file, Buffer.concat(pieces));
    const args = [
      '-r',
      file,
      '-o',
      'tcp.check_checksum:TRUE',
      '-T',
      'fields',
      ...fields.flatMap((name) => ['-e', name]),
    ];
    const { status, stdout, stderr, error } = spawnSync('tshark', args, { encoding: 'utf8' });
    if (error !== undefined) throw new Error('this test needs tshark', { cause: error });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe('a capture', () => {
  it('has each frame once, answers behind questions, as tshark reads it', async () => {
    const { backend, pieces } = await make({ name: 'card é' });
    backend.connect(device);
    for (const index of [1, 2]) expect(backend.send(frameOf(question(index)))).toBe(true);
    const fields = ['frame.interface_name', 'frame.packet_flags_direction', 'eth.src', 'data.data'];
    expect(read(pieces, ...fields)).toEqual([
      'card é\t0x00000002\t02:00:00:00:00:01\t00010707',
      'card é\t0x00000001\t02:00:00:00:00:02\t00010707',
      'card é\t0x00000002\t02:00:00:00:00:01\t00020707',
      'card é\t0x00000001\t02:00:00:00:00:02\t00020707',
    ]);
  });

  it('has segments cut and checksums completed', async () => {
    const { backend, pieces } = await make();
    backend.connect(device);
    const headers = [
      ...[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0],
      ...[0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
      ...[0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0],
    ];
    const bytes = new Uint8Array(headers.length + 3000).fill(0x41);
    bytes.set(headers);
    const total = bytes.length - 14;
    bytes[16] = total >> 8;
    bytes[17] = total & 0xff;
    const offload = {
      checksum: { start: 34, offset: 16 },
      segment: { protocol: 'tcp4', size: 1400, headerLength: headers.length },
    } as const;
    backend.send({ ...frameOf(bytes), offload });
    const packets = read(pieces, 'frame.packet_flags_direction', 'tcp.len', 'tcp.checksum.status').slice(0, 3);
    expect(packets).toEqual(['0x00000002\t1400\t1', '0x00000002\t1400\t1', '0x00000002\t200\t1']);
  });

  it('ends at its limit, and when it cannot be written, and the network goes on', async () => {
    const { backend, pieces, part } = await make({ limit: 1024 });
    let received = 0;
    backend.connect({ ...device, receive: () => (received += 1) > 0 });
    for (let index = 0; index < 50; index += 1) backend.send(frameOf(question(index)));
    expect(received).toBe(50);
    expect(Buffer.concat(pieces).length).toBeLessThanOrEqual(1024);
    const logged = () => part.events.filter(({ name }) => name === 'log').length;
    expect(logged()).toBe(1);
    const full = await make({
      write: () => {
        throw new Error('no space');
      },
    });
    full.backend.connect({ ...device, receive: () => (received += 1) > 0 });
    expect(full.backend.send(frameOf(question(1)))).toBe(true);
    expect(received).toBe(51);
  });
});
