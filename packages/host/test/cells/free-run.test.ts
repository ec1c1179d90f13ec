import { CellService, portChannel, RemoteCell } from '@vivarium/host';
import { expect, it } from 'vitest';
import { program, Reader } from './cell-suite.ts';

const link = (service: CellService) => {
  const { port1, port2 } = new MessageChannel();
  service.connect(portChannel(port2), () => {});
  return {
    channel: portChannel(port1),
    died: new Promise<undefined>(() => {}),
    kill: async () => {},
    clean: async () => port1.close(),
  };
};

it('a guest that waits for pCPUs goes on without a host, and waits again for the next one', async () => {
  await using service = new CellService();
  const first = link(service);
  const before = await RemoteCell.create(first, program('echo'), { leased: true });
  await before.start();
  const nobody = new Reader();
  const view = before.console('console0').attach(nobody);
  view.send(new TextEncoder().encode('abc'));
  before.letGo();
  first.channel.close();
  while ((service as unknown as { connected: boolean }).connected)
    await new Promise((resolve) => setTimeout(resolve, 5));
  // What it was sent before comes to the next host as what it showed meanwhile.
  const cell = await RemoteCell.adopt(link(service), { leased: true });
  const reader = new Reader();
  const next = cell.console('console0').attach(reader);
  await reader.until((text) => text.includes('abc'));
  const stint = await cell.lease?.grant(0, 1_000_000);
  expect(stint?.next).toBe('ready');
  next.send(new TextEncoder().encode('d'));
  // Nobody grants anything: nothing runs.
  const { instructions } = await cell.measure();
  expect((await cell.measure()).instructions).toBe(instructions);
  expect(reader.text).toBe('abc');
  await cell.stop();
});
