import { expect, it } from 'vitest';
import { runLan } from '../src/lan.ts';

const up = (address: string): string => `ip address add ${address}/24 dev eth0; ip link set eth0 up`;

it('lets guests of one VLAN talk, and keeps those of another apart', async () => {
  const send = 'head -c 3000000 /bin/busybox';
  const [server, client, stranger] = await runLan([
    { name: 'server', command: `${up('10.0.0.1')}; ${send} | nc -l -p 7 -w 60; ${send} | md5sum` },
    {
      name: 'client',
      command: `${up('10.0.0.2')}; ping -c 1 -w 60 10.0.0.1 >/dev/null && echo reached; nc -w 20 10.0.0.1 7 | md5sum`,
    },
    { name: 'stranger', vlan: 2, command: `${up('10.0.0.3')}; ping -c 3 -w 15 10.0.0.1 | grep received` },
  ]);
  const sum = /([0-9a-f]{32}) {2}-/.exec(server?.output ?? '')?.[1];
  expect(sum).toBeDefined();
  expect(client?.output).toBe(`reached\n${sum}  -\n`);
  expect(stranger?.output).toContain(' 0 packets received');
});
