import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { VsockHost } from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConnect } from '../src/node/client.ts';
import { type VsockUnixOptions, type VsockUnixSockets, vsockUnixSockets } from '../src/node.ts';
import { guestBench, OP } from './guest.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viv-vsock-'));
  path = join(folder, 'v.sock');
});
afterEach(async () => {
  for (const sockets of served.splice(0)) await sockets.close();
  await rm(folder, { recursive: true, force: true });
});

const served: VsockUnixSockets[] = [];
const serve = async (device: VsockHost, options: Partial<VsockUnixOptions> = {}): Promise<void> => {
  served.push(await vsockUnixSockets(device, { path, ...options }));
};

const until = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) await setImmediate();
};

/** A guest with programs that send back what they get, on port 52, and give way to the host when it ends. */
const echoGuest = (parts: Parameters<typeof guestBench>[0] = {}) => {
  const bench = guestBench({ bufferSize: 65_536, ...parts });
  const closed: number[] = [];
  const taken = new Map<number, number>();
  let buffers = 0;
  const post = (): void => {
    const missing = 32 - (buffers - bench.rx.completed.length);
    if (missing <= 0) return;
    buffers += missing;
    bench.post(missing);
  };
  /** Serves packets until there are none. */
  const serve = (): void => {
    post();
    for (let packets = bench.arrived(); packets.length > 0; packets = bench.arrived()) {
      for (const { op, srcPort, dstPort, payload, flags } of packets) {
        const back = { srcPort: dstPort, dstPort: srcPort };
        if (op === OP.REQUEST) bench.send({ ...back, op: dstPort === 52 ? OP.RESPONSE : OP.RST });
        if (op === OP.RW) {
          const fwdCnt = (taken.get(srcPort) ?? 0) + payload.length;
          taken.set(srcPort, fwdCnt);
          bench.send({ ...back, fwdCnt }, payload);
        }
        if (op === OP.SHUTDOWN && flags === 2) bench.send({ ...back, op: OP.SHUTDOWN, flags: 3 });
        if (op === OP.RST) closed.push(dstPort);
      }
      post();
    }
  };
  const state = { running: true };
  void (async () => {
    while (state.running) {
      serve();
      await setImmediate();
    }
  })();
  return { ...bench, closed, stop: () => void (state.running = false) };
};

const collect = (socket: Socket) => {
  const state = { text: '', ended: false };
  socket.on('data', (bytes: Buffer) => {
    state.text += bytes.toString('latin1');
  });
  socket.on('close', () => {
    state.ended = true;
  });
  socket.on('error', () => {});
  return state;
};

describe('a client of the socket', () => {
  it('talks to a port of the guest after its CONNECT line', async () => {
    const guest = echoGuest();
    await serve(guest.device);
    const client = connect({ path, allowHalfOpen: true });
    const state = collect(client);
    client.write('CONN');
    await setImmediate();
    client.write('ECT 52\nhel');
    client.write('lo');
    await until(() => state.text.endsWith('hello'));
    expect(state.text).toMatch(/^OK \d+\nhello$/);
    client.end();
    await until(() => state.ended);
    await until(() => guest.device.connections === 0);
    guest.stop();
  });

  it('gets a megabyte back as it sent it, through buffers of 64 KiB', async () => {
    const guest = echoGuest();
    await serve(guest.device);
    const client = connect({ path, allowHalfOpen: true });
    const state = collect(client);
    client.write('CONNECT 52\n');
    const text = Array.from({ length: 1 << 16 }, (_, line) => `${line}`.padStart(15, '0')).join('\n');
    client.end(text);
    await until(() => state.ended);
    expect(state.text.replace(/^OK \d+\n/, '') === text).toBe(true);
    guest.stop();
  });

  it.each([
    'CONNECT 53\n',
    'CONNECT 4294967295\n',
    'CONNECT x\n',
    'GET / HTTP/1.1\r\n',
    'x'.repeat(100),
    'CONNECT -1\n',
  ])('that sends %j is let go of', async (line) => {
    const guest = echoGuest();
    await serve(guest.device);
    const client = connect(path);
    const state = collect(client);
    client.write(line);
    await until(() => state.ended);
    expect([state.text, guest.device.connections]).toEqual(['', 0]);
    guest.stop();
  });

  it('that sends nothing is let go of', async () => {
    const guest = echoGuest();
    await serve(guest.device, { lineTimeout: 0.05 });
    const state = collect(connect(path));
    await until(() => state.ended);
    guest.stop();
    expect(state.text).toBe('');
  });

  it('that goes away resets its connection', async () => {
    const guest = echoGuest();
    await serve(guest.device);
    const client = connect(path);
    const state = collect(client);
    client.write('CONNECT 52\nhello');
    await until(() => state.text.endsWith('hello'));
    client.destroy();
    await until(() => guest.device.connections === 0);
    guest.stop();
    expect(state.ended).toBe(true);
  });
});

describe('the guest', () => {
  it('reaches the socket that is named after the port', async () => {
    const bench = guestBench();
    await serve(bench.device);
    const server = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
    await new Promise<void>((resolve) => {
      server.listen(`${path}_7`, resolve);
    });
    bench.post(10);
    bench.send({ op: OP.REQUEST });
    await until(() => bench.rx.completed.length > 0);
    expect(bench.ops()).toEqual([OP.RESPONSE]);
    bench.send({}, new TextEncoder().encode('hello'));
    await until(() => bench.rx.completed.length > 1);
    expect(new TextDecoder().decode(bench.arrived()[0]?.payload)).toBe('hello');
    bench.send({ op: OP.SHUTDOWN, flags: 2, fwdCnt: 5 });
    await until(() => bench.rx.completed.length > 3);
    expect(bench.arrived().map(({ op, flags }) => [op, flags])).toEqual([
      [OP.SHUTDOWN, 2],
      [OP.SHUTDOWN, 3],
    ]);
    server.close();
  });

  it('is refused when nobody has that socket', async () => {
    const bench = guestBench();
    await serve(bench.device);
    bench.post(10);
    bench.send({ op: OP.REQUEST });
    await until(() => bench.rx.completed.length > 0);
    expect([bench.ops(), bench.device.connections]).toEqual([[OP.RST], 0]);
  });
});

describe('the socket', () => {
  it('cannot be made twice, nor where there is no folder', async () => {
    const { device } = guestBench();
    const missing = vsockUnixSockets(device, { path: join(folder, 'missing', 'v.sock') });
    await expect(missing).rejects.toMatchObject({ code: 'VIV_VSOCK_SOCKET' });
    const sockets = await vsockUnixSockets(device, { path });
    await expect(vsockUnixSockets(device, { path })).rejects.toMatchObject({ code: 'VIV_VSOCK_SOCKET' });
    await expect(vsockUnixSockets(device, { path: join(folder, 'other') })).rejects.toMatchObject({
      code: 'VIV_VSOCK_PORT',
    });
    await sockets.close();
    // Everything was given back.
    await (await vsockUnixSockets(device, { path })).close();
    await (await vsockUnixSockets(device, { path: join(folder, 'other') })).close();
  });
});

describe('a line', () => {
  it.each([
    ['CONNECT 0', 0],
    ['CONNECT 52', 52],
    ['CONNECT 52\r', 52],
    ['CONNECT 4294967294', 4_294_967_294],
    ['CONNECT 99999999999', undefined],
    ['CONNECT', undefined],
    ['CONNECT ', undefined],
    ['CONNECT 5 2', undefined],
    ['CONNECT 0x34', undefined],
    [' CONNECT 52', undefined],
    ['connect 52', undefined],
  ])('%j means port %d', (line, port) => expect(parseConnect(line)).toBe(port));
});
