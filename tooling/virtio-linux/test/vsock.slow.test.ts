import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type VsockHost, VsockHostToken } from '@vivarium/contracts';
import { virtioVsock } from '@vivarium/virtio-vsock';
import { vsockUnixSockets } from '@vivarium/virtio-vsock/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDebian } from '../src/debian-machine.ts';
import { guestProgram } from '../src/guest-program.ts';

const MIB = 1024 * 1024;
const virtio = [{ id: 'vsock0', plugin: virtioVsock, options: { guestCid: 42 } }];
let overlay: Uint8Array = new Uint8Array(0);
let folder = '';
beforeAll(async () => {
  overlay = await guestProgram('vsock');
  folder = await mkdtemp(join(tmpdir(), 'viv-vsock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

/** Sends back what the guest sends to a port. */
const echo = (host: VsockHost, port: number): (() => void) =>
  host.listen(port, (connection) =>
    connection.connect({
      receive: (piece) => connection.write(piece),
      drained: () => connection.resume(),
      ended: () => connection.end(),
      closed: () => {},
    }),
  );

describe.each(['mmio', 'pci'] as const)('sockets of Linux, on the %s bus', (bus) => {
  it('reach host code, which reaches theirs', async () => {
    const facts: unknown[] = [];
    const output = await withDebian(
      {
        bus,
        virtio,
        overlay,
        command: `/viv/vsock cid
md5sum </bin/busybox
/viv/vsock connect 2 7 </bin/busybox | md5sum
/viv/vsock connect 2 8
for each in 1 2 3 4 5 6 7 8 9 10; do echo $each | /viv/vsock connect 2 7; done
/viv/vsock echo 52 11`,
      },
      async ({ machine, line }) => {
        const host = machine.get(VsockHostToken);
        await expect(host.connect(1)).rejects.toMatchObject({ code: 'VIV_VSOCK_DOWN' });
        echo(host, 7);
        await line('listening');
        await expect(host.connect(99)).rejects.toMatchObject({ code: 'VIV_VSOCK_REFUSED' });
        facts.push(host.connections);
        await using sockets = await vsockUnixSockets(host, { path: join(folder, bus) });
        const ask = async (data: Uint8Array): Promise<Buffer> => {
          const client = connect({ path: sockets.path, allowHalfOpen: true });
          client.write('CONNECT 52\n');
          client.end(data);
          return buffer(client);
        };
        const large = await ask(bytes(4 * MIB));
        const answer = large.subarray(large.indexOf(10) + 1);
        facts.push(large.subarray(0, 3).toString(), Buffer.compare(answer, bytes(4 * MIB)));
        for (let each = 0; each < 10; each++) facts.push((await ask(Uint8Array.of(65 + each))).subarray(-1).toString());
      },
    );
    const [cid, sum, sumBack, refused, ...rest] = output.trim().split('\n');
    expect([cid, refused]).toEqual(['cid 42', 'connect: Connection reset by peer']);
    expect(sum).toMatch(/^[0-9a-f]{32}/);
    expect(sumBack).toBe(sum);
    expect(rest).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', 'listening']);
    expect(facts).toEqual([0, 'OK ', 0, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J']);
  });
});

describe('sockets of Linux', () => {
  it('reach programs of the host by Unix sockets, and are refused where there are none', async () => {
    const path = join(folder, 'host');
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      void buffer(socket).then((all) => socket.end(`${createHash('md5').update(all).digest('hex')}  -\n`));
    });
    await new Promise<void>((resolve) => {
      server.listen(`${path}_1234`, resolve);
    });
    const output = await withDebian(
      {
        virtio,
        overlay,
        command: 'md5sum </bin/busybox; /viv/vsock connect 2 1234 </bin/busybox; /viv/vsock connect 2 1235',
      },
      async ({ machine, ended }) => {
        await using sockets = await vsockUnixSockets(machine.get(VsockHostToken), { path });
        expect(sockets.path).toBe(path);
        await ended;
      },
    );
    server.close();
    const [own, theirs, refused] = output.split('\n');
    expect(theirs).toBe(own);
    expect(refused).toBe('connect: Connection reset by peer');
  });

  it('break when the transport is reset, and work again', async () => {
    const output = await withDebian(
      {
        virtio,
        overlay,
        command: '/viv/vsock connect 2 9; echo again | /viv/vsock connect 2 7; sleep 0.1',
      },
      async ({ machine, ended }) => {
        const host = machine.get(VsockHostToken);
        echo(host, 7);
        host.listen(9, (connection) => {
          connection.connect({ receive: ({ length }) => length, drained: () => {}, ended: () => {}, closed: () => {} });
          connection.write(new TextEncoder().encode('hello\n'));
          // Standard input of the command is at its end at once; the connection stays half open.
          setTimeout(() => host.transportReset(), 500);
        });
        await ended;
      },
    );
    expect(output).toMatch(/^hello\nread: (Connection reset by peer|Transport endpoint is not connected)\nagain\n$/);
  });
});
