import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { formatPacket } from '../src/index.ts';
import { listenForGdb } from '../src/node.ts';
import { FakeTarget } from './fake-target.ts';

const client = (
  port: number,
): { readonly socket: Socket; readonly heard: () => Promise<string>; readonly ended: Promise<void> } => {
  const socket = connect(port, '127.0.0.1');
  const pieces: string[] = [];
  let wake = (): void => {};
  socket.on('data', (bytes) => {
    pieces.push(bytes.toString('latin1'));
    wake();
  });
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const heard = async (): Promise<string> => {
    while (pieces.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return pieces.splice(0).join('');
  };
  return { socket, heard, ended };
};

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a server', () => {
  it('serves one client at a time, and the next one when it is gone', async () => {
    const target = new FakeTarget();
    const notices: string[] = [];
    const server = await listenForGdb(target, { port: 0, notice: (text) => notices.push(text) });
    const first = client(server.port);
    first.socket.write('$qC#b4');
    expect(await first.heard()).toBe('+$QC1#c5');
    const second = client(server.port);
    second.socket.write('+');
    await second.ended;
    expect(notices.at(-1)).toContain('refused');
    first.socket.write('$m8000');
    first.socket.destroy();
    while (target.attached) await later();
    target.halted = true;
    const third = client(server.port);
    third.socket.write('$?#3f');
    expect(await third.heard()).toBe('+$T02thread:1;#d4');
    await server.close();
    await third.ended;
    expect(target.attached).toBe(false);
    expect(notices.filter((text) => text.endsWith('is attached'))).toHaveLength(2);
    expect(notices.filter((text) => text.endsWith('is gone'))).toHaveLength(2);
  });

  it('lets the machine run while nobody says anything', async () => {
    const target = new FakeTarget(1, false);
    const server = await listenForGdb(target, { port: 0 });
    const silent = client(server.port);
    const other = client(server.port);
    other.socket.write('$?#3f');
    expect(await other.heard()).toMatch(/^\+/);
    silent.socket.write('+');
    await silent.ended;
    expect(target.log).toEqual(['halt']);
    await server.close();
    await other.ended;
  });

  it('says the last word before it closes', async () => {
    const target = new FakeTarget();
    const server = await listenForGdb(target, { port: 0 });
    const { socket, heard, ended } = client(server.port);
    socket.write('$c#63');
    expect(await heard()).toBe('+');
    target.stop({ kind: 'ended', code: 3 });
    await server.close();
    expect(await heard()).toBe('$W03#ba');
    await ended;
  });

  it('cuts off a client that asks and never reads', async () => {
    const target = new FakeTarget();
    const server = await listenForGdb(target, { port: 0 });
    const { socket, ended } = client(server.port);
    socket.pause();
    socket.write('+');
    while (!target.attached) await later();
    const question = formatPacket(Buffer.from('qXfer:features:read:target.xml:0,1fff'));
    const timer = setInterval(() => {
      for (let count = 0; count < 50; count += 1) socket.write(question);
    }, 1);
    socket.on('close', () => clearInterval(timer));
    while (target.attached) await later();
    clearInterval(timer);
    expect(target.log).toEqual(['detach']);
    socket.destroy();
    await ended;
    await server.close();
  });

  it('refuses a port that is taken, and an architecture that it does not know', async () => {
    const server = await listenForGdb(new FakeTarget(), { port: 0 });
    await expect(listenForGdb(new FakeTarget(), { port: server.port })).rejects.toMatchObject({
      code: 'VIV_GDB_LISTEN',
    });
    await server.close();
    const other = Object.assign(new FakeTarget(), { architecture: 'z80' });
    await expect(listenForGdb(other, { port: 0 })).rejects.toMatchObject({ code: 'VIV_GDB_ARCHITECTURE' });
  });
});
