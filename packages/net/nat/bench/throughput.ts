/// <reference types="node" />
/**
 * Bytes a second through the translator, beside what this process does over a plain socket with the same server, which
 * runs in a process of its own: `node --conditions=@vivarium/source bench/throughput.ts`.
 */
import { fork } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import * as p from '@vivarium/net-packet';
import { createNat, type Nat } from '../src/index.ts';
import { nodeHostNetwork } from '../src/node.ts';
import { realTime } from '../test/guest/rig.ts';

const SIZE = 2_000_000_000;
const CHUNK = Buffer.alloc(1 << 20);

/** In the server's process: `D` asks for a download, anything else is an upload. */
const serve = (): void => {
  const server = createServer((socket) => {
    let taken = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (taken === 0 && bytes[0] === 0x44) {
        let left = SIZE;
        const send = (): void => {
          while (left > 0) {
            left -= CHUNK.length;
            if (!socket.write(CHUNK)) break;
          }
          if (left <= 0) socket.end();
          else socket.once('drain', send);
        };
        send();
      }
      if (taken < SIZE && taken + bytes.length >= SIZE) socket.write('ok');
      taken += bytes.length;
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
};

const GUEST = 0x0a00_020f;
const GATEWAY = 0x0a00_0202;
const ENDS = { sourceMac: 0x5254_0012_3456, destinationMac: 0x5255_0a00_0202, source: GUEST, destination: GATEWAY };

/** A guest that does no more than it must: it copies what comes, as a device does, and acknowledges each frame. */
class BenchGuest implements NetHandlers {
  readonly accepts: NetOffloads;
  readonly #nat: Nat;
  readonly #port: number;
  readonly #memory = new Uint8Array(1 << 17);
  readonly #segment: number;
  readonly #payload: Uint8Array;
  readonly #upload: boolean;
  readonly #done: () => void;
  #next = 1000;
  #una = 1000;
  #expected = 0;
  #window = 0;
  #scale = 0;
  #bytes = 0;
  #sent = 0;

  constructor(nat: Nat, port: number, upload: boolean, large: boolean, done: () => void) {
    this.#nat = nat;
    this.#port = port;
    this.#upload = upload;
    this.#done = done;
    this.accepts = large ? { checksum: true, tcp4: true } : {};
    this.#segment = 1460;
    this.#payload = new Uint8Array(large ? 44 * 1460 : 1460);
    nat.connect(this);
    this.#send(p.TcpFlag.syn, new Uint8Array(0), { maximumSegment: 1460, windowScale: 7 });
    this.#next += 1;
  }

  receive(frame: NetFrame): boolean {
    p.copyPieces(frame.pieces, 0, frame.length, this.#memory);
    const tcp = p.parseTcp(this.#memory, 34, frame.length);
    if (tcp === undefined) return true;
    this.#window = tcp.window << this.#scale;
    this.#una = tcp.acknowledgment;
    const length = frame.length - 34 - tcp.headerLength;
    if ((tcp.flags & p.TcpFlag.syn) !== 0) {
      this.#scale = tcp.options.windowScale ?? 0;
      this.#expected = (tcp.sequence + 1) >>> 0;
      this.#send(p.TcpFlag.ack, new Uint8Array(0));
      if (!this.#upload) this.#send(p.TcpFlag.ack, Uint8Array.of(0x44));
      this.#push();
      return true;
    }
    this.#expected = (this.#expected + length) >>> 0;
    this.#bytes += length;
    if (length > 0) this.#send(p.TcpFlag.ack, new Uint8Array(0));
    if (this.#upload ? this.#bytes >= 2 : this.#bytes >= SIZE) this.#done();
    this.#push();
    return true;
  }

  drained(): void {}

  linkChanged(): void {}

  #push(): void {
    while (this.#upload && this.#sent < SIZE && ((this.#next - this.#una) | 0) + this.#payload.length <= this.#window) {
      this.#sent += this.#payload.length;
      this.#send(p.TcpFlag.ack, this.#payload);
    }
  }

  #send(flags: number, payload: Uint8Array, options: p.TcpOptions = {}): void {
    const header = {
      sourcePort: 40_000,
      destinationPort: this.#port,
      sequence: this.#next,
      acknowledgment: this.#expected,
      flags,
      window: 32_768,
      options,
    };
    this.#next = (this.#next + payload.length) >>> 0;
    const head = new Uint8Array(34 + p.tcpHeaderLength(header));
    p.writeTcp(head, p.writeIpv4Frame(head, ENDS, p.IpProtocol.tcp, head.length - 34 + payload.length), header);
    const offload = {
      checksum: { start: 34, offset: 16 },
      ...(payload.length > this.#segment
        ? { segment: { protocol: 'tcp4' as const, size: this.#segment, headerLength: head.length } }
        : {}),
    };
    this.#nat.send({ pieces: [head, payload], length: head.length + payload.length, offload });
  }
}

const overSocket = (port: number, upload: boolean): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let left = SIZE;
    const send = (): void => {
      while (left > 0) {
        left -= CHUNK.length;
        if (!socket.write(CHUNK)) break;
      }
      if (left > 0) socket.once('drain', send);
    };
    if (upload) send();
    else socket.write('D');
    // Of an upload, that everything was taken.
    socket.on('data', () => upload && socket.destroy());
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve());
  });

const speedOf = async (run: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await run();
  return SIZE / (performance.now() - start) / 1e6;
};

const measure = async (port: number): Promise<void> => {
  for (const upload of [false, true]) {
    const plain = await speedOf(() => overSocket(port, upload));
    for (const large of [true, false]) {
      const nat = createNat({ host: nodeHostNetwork() }, realTime());
      const speed = await speedOf(
        () => new Promise<void>((done) => void new BenchGuest(nat, port, upload, large, done)),
      );
      nat.dispose();
      const what = `${upload ? 'upload' : 'download'}, ${large ? '64 KiB segments' : 'plain frames'}`;
      console.log(`${what}: ${speed.toFixed(2)} GB/s, ${(speed / plain).toFixed(2)} of a plain socket`);
    }
  }
};

if (process.argv[2] === 'serve') {
  serve();
} else {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  server.once('message', (port) => {
    void measure(Number(port)).then(() => {
      server.kill();
      process.exit(0);
    });
  });
}
