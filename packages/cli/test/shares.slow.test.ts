import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeIn, finished, Scratch, start, viv } from './support/viv.ts';

const scratch = new Scratch();
const path = (name: string): string => join(scratch.path, name);

beforeAll(() => {
  mkdirSync(path('share'));
  writeFileSync(path('secret'), 'secret');
  writeFileSync(path('share/from-host'), 'host\n');
  symlinkSync('../secret', path('share/way-out'));
});
afterAll(() => scratch.remove());

const exec = (command: string, ...more: readonly string[]) =>
  viv('run', 'debian', '--timeout', '300', ...more, `--exec=${command}`);

describe('shared directories', () => {
  it('are read and written by virtio-fs and 9p, and end where they end', async () => {
    const command = `
      mkdir /a /b /c
      mount -t virtiofs share /a
      mount -t 9p -o trans=virtio,version=9p2000.L nine /b
      mount -t virtiofs reader /c
      cat /a/from-host /b/from-host /c/from-host
      cat /a/way-out /b/way-out 2>/dev/null || echo no way out
      echo guest >/a/made; cat /b/made
      chown 7:8 /a/made; stat -c '%u:%g %a' /a/made
      for i in $(seq 200); do echo $i >/a/many-$i; done; cat /b/many-* | wc -l
      echo no >/c/made-2 2>/dev/null || echo read only
      mknod /a/null c 1 3 && [ -c /a/null ] && echo device`;
    const share = path('share');
    const { code, stdout, stderr } = await exec(
      command,
      ...['--share', `${share},records=${path('records')}`, '--share', `${share},tag=nine,9p`],
      ...['--share', `${share},tag=reader,ro`, '--bus', 'pci'],
    );
    expect({ code, lines: stdout.split('\n') }, stderr).toEqual({
      code: 0,
      lines: ['host', 'host', 'host', 'no way out', 'guest', '7:8 644', '200', 'read only', 'device', ''],
    });
    expect(readFileSync(path('share/made'), 'utf8')).toBe('guest\n');
    // On the host it belongs to who runs this, and is no device.
    expect(statSync(path('share/made')).uid).toBe(process.getuid?.());
    expect(statSync(path('share/null')).isFile()).toBe(true);
    const again = await exec(
      "mount -t virtiofs share /mnt; stat -c '%u:%g' /mnt/made; [ -c /mnt/null ] && echo device",
      ...['--share', `${share},records=${path('records')}`],
    );
    expect(again.stdout).toBe('7:8\ndevice\n');
  });

  it('must be directories', async () => {
    const { code, stderr } = await exec('true', '--share', path('secret'));
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_HOST_DIRECTORY_OPEN' });
  });
});

describe('vsock, balloon and random numbers', () => {
  it('are there when they are asked for', async () => {
    const socket = path('guest.vsock');
    const command = `
      cat /sys/class/misc/hw_random/rng_current
      ls /sys/bus/virtio/drivers/virtio_balloon | grep -c ^virtio
      ls /dev/vsock
      sleep 1000`;
    const child = start(
      ...['run', 'debian', '--timeout', '200', '--vsock', `${socket},cid=9`, '--balloon', '16M', '--rng'],
      `--exec=${command}`,
    );
    const end = finished(child);
    let text = '';
    const ready = new Promise<void>((resolve) => {
      child.stdout?.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('/dev/vsock\n')) resolve();
      });
    });
    await Promise.race([ready, end]);
    expect(text).toBe('virtio_rng.0\n1\n/dev/vsock\n');
    // Nobody listens in the guest: the connection is made, and refused.
    const client = connect(socket);
    await once(client, 'connect');
    client.write('CONNECT 5\n');
    client.resume();
    // A socket that is closed while bytes wait in it ends with an error.
    client.on('error', () => {});
    await new Promise((resolve) => client.once('close', resolve));
    child.kill('SIGTERM');
    expect((await end).code).toBe(143);
  });
});
