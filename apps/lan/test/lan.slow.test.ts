import { expect, it } from 'vitest';
import { runLan } from '../src/lan.ts';

const up = (address: string): string => `ip address add ${address}/24 dev eth0; ip link set eth0 up`;

it('lets guests of one VLAN talk, and keeps those of another apart', async () => {
  const [server, client, stranger] = await runLan([
    { name: 'server', serves: true, command: `${up('10.0.0.1')}; md5sum </bin/busybox; httpd -f -p 80 -h /bin` },
    {
      name: 'client',
      command: `${up('10.0.0.2')}; ping -c 1 -w 60 10.0.0.1 >/dev/null && echo reached; until wget -q -O copy http://10.0.0.1/busybox; do sleep 1; done; md5sum <copy`,
    },
    { name: 'stranger', vlan: 2, command: `${up('10.0.0.3')}; ping -c 3 -w 15 10.0.0.1 | grep received` },
  ]);
  expect(server?.output).toMatch(/^[0-9a-f]{32} {2}-\n$/);
  expect(client?.output).toBe(`reached\n${server?.output}`);
  expect(stranger?.output).toContain(' 0 packets received');
});
