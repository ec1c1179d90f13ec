import { runLan } from './lan.ts';

const up = (address: string): string => `ip address add ${address}/24 dev eth0; ip link set eth0 up`;

const results = await runLan([
  { name: 'server', command: `${up('10.0.0.1')}; echo hello from the server | nc -l -p 7 -w 60` },
  {
    name: 'client',
    command: `${up('10.0.0.2')}; ping -c 3 -w 60 10.0.0.1; until nc -w 5 10.0.0.1 7; do sleep 1; done`,
  },
  { name: 'stranger', vlan: 2, command: `${up('10.0.0.3')}; ping -c 3 -w 10 10.0.0.1` },
]);
for (const { name, output } of results) process.stdout.write(`--- ${name}\n${output}`);
