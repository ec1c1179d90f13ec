import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeIn, finished, Scratch, start, viv } from './support/viv.ts';

const scratch = new Scratch();

const MIB = 1024 * 1024;
const DOWNLOAD = 100 * MIB;
const CONNECTIONS = 100;

/** One piece, over and over: both sides hash it as it goes by. */
const piece = randomBytes(MIB);

const digest = (): string => {
  const hash = createHash('sha256');
  for (let sent = 0; sent < DOWNLOAD; sent += piece.length) hash.update(piece);
  return hash.digest('hex');
};

const ADDRESS = [192, 0, 2, 7];
const QUESTION = 12;
const TYPE_A = 1;

/** A name server to whom every name has one address: the question comes back with it (RFC 1035, section 4.1). */
const nameServer = async (): Promise<Socket> => {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    let end = QUESTION;
    while ((query[end] ?? 0) > 0) end += 1 + (query[end] ?? 0);
    const type = query.readUInt16BE(end + 1);
    const question = query.subarray(QUESTION, end + 5);
    const answers = type === TYPE_A ? 1 : 0;
    const header = Buffer.of(query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0);
    const record = Buffer.of(0xc0, QUESTION, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, ADDRESS.length, ...ADDRESS);
    socket.send(Buffer.concat([header, question, ...(answers > 0 ? [record] : [])]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};

/** A UDP port that is free now. */
const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
};

describe('a guest behind address translation', () => {
  let server: Server;
  let names: Socket;
  let port = 0;

  beforeAll(async () => {
    server = createHttpServer((request, response) => {
      const number = /^\/small\/(\d+)$/.exec(request.url ?? '')?.[1];
      if (number !== undefined) {
        response.end(`number ${number}\n`);
        return;
      }
      response.setHeader('content-length', DOWNLOAD);
      const send = (left: number): void => {
        if (left === 0) response.end();
        else if (response.write(piece)) setImmediate(send, left - 1);
        else response.once('drain', () => send(left - 1));
      };
      send(DOWNLOAD / piece.length);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    names = await nameServer();
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    names.close();
    scratch.remove();
  });

  it('pings, looks names up, downloads 100 MB, and has 100 connections at once', async () => {
    const command = `
      ping -c 2 -q 10.0.2.2 | grep -o '2 packets received'
      nslookup guest.example | grep -o 'Address: 192.0.2.7'
      wget -q -O - http://10.0.2.2:${port}/big | sha256sum
      i=0
      while [ $i -lt ${CONNECTIONS} ]; do
        wget -q -O /tmp/$i http://10.0.2.2:${port}/small/$i &
        i=$((i + 1))
      done
      wait
      cat /tmp/[0-9]* | sort | uniq | wc -l
    `;
    const { code, stdout, stderr } = await viv(
      'run',
      'debian',
      '--timeout',
      '400',
      '--net',
      `user,dns=127.0.0.1:${names.address().port}`,
      `--exec=${command}`,
    );
    expect({ code, lines: stdout.trim().split('\n') }, stderr).toEqual({
      code: 0,
      lines: ['2 packets received', 'Address: 192.0.2.7', `${digest()}  -`, `${CONNECTIONS}`],
    });
  });

  it('serves the host through a forward', async () => {
    // Ends when somebody has connected to its second port.
    const command = 'mkdir /srv; echo from the guest >/srv/file; httpd -p 80 -h /srv; nc -l -p 81 </dev/null; exit 7';
    const forwards = 'user,forward=0:80,forward=0:81';
    const child = start('run', 'debian', '--timeout', '300', '--bus', 'pci', '--net', forwards, `--exec=${command}`);
    const end = finished(child);
    const ports: number[] = [];
    let text = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const found = text.matchAll(/127\.0\.0\.1:(\d+) leads to port 8[01]/g);
      ports.splice(0, 2, ...[...found].map(([, each]) => Number(each)));
    });
    let answer = '';
    for (let attempt = 0; attempt < 600 && answer === ''; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (ports.length < 2) continue;
      answer = await fetch(`http://127.0.0.1:${ports[0]}/file`).then(
        (response) => (response.ok ? response.text() : ''),
        () => '', // the guest does not listen yet
      );
    }
    await fetch(`http://127.0.0.1:${ports[1]}/`).catch(() => {});
    expect({ answer, code: (await end).code }).toEqual({ answer: 'from the guest\n', code: 7 });
  });

  it('goes nowhere that is not allowed, and is captured as it tries', async () => {
    const command = `wget -q -T 5 -O - http://10.0.2.2:${port}/small/1; echo $?`;
    const capture = join(scratch.path, 'guest.pcapng');
    const network = `user,egress=listed,pcap=${capture}`;
    const { stdout } = await viv('run', 'debian', '--timeout', '200', '--net', network, `--exec=${command}`);
    expect(stdout).toBe('1\n');
    const filter = 'dhcp.option.dhcp == 5 || tcp.flags.reset == 1';
    const fields = ['-T', 'fields', '-e', 'dhcp.option.dhcp', '-e', 'tcp.srcport'];
    const tshark = spawnSync('tshark', ['-r', capture, '-Y', filter, ...fields], { encoding: 'utf8' });
    expect(tshark.stdout.trim().split('\n')).toEqual(['5\t', `\t${port}`]);
  });

  it('does not start when a port is taken', async () => {
    const { code, stderr } = await viv('run', 'debian', '--net', `user,forward=${port}:80`, '--exec=true');
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_NAT_FORWARD' });
  });
});

describe('a guest linked to another one by datagrams', () => {
  it('talks to it', async () => {
    const [one, two] = await Promise.all([freePort(), freePort()]);
    const guest = (number: number, local: number, remote: number, command: string) =>
      viv(
        ...['run', 'debian', '--timeout', '300', '--net', `udp,local=${local},remote=${remote}`],
        ...['--append', `ip=192.0.2.${number}:::255.255.255.0:guest${number}:eth0:off`, `--exec=${command}`],
      );
    const [server, client] = await Promise.all([
      guest(1, one, two, 'echo from guest 1 | nc -l -p 7'),
      guest(2, two, one, 'until nc 192.0.2.1 7 </dev/null >said 2>/dev/null; do sleep 1; done; cat said'),
    ]);
    expect([server.code, client.code, client.stdout]).toEqual([0, 0, 'from guest 1\n']);
  });
});
