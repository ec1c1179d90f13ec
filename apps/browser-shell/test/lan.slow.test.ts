import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Request } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DISK_PATH } from '../src/disk-description.ts';
import { UPLINK_PATH } from '../src/uplink-description.ts';
import { IMAGE_SIZE } from '../src/server/disk-image.ts';
import { type BuiltPage, builtPage } from './built-page.ts';
import { launchChromium } from './chromium.ts';
import { type MachineScreen, ShellPage } from './page.ts';

const MARKER = 'vivarium: userspace';

let browser: Browser;
let context: BrowserContext;
let built: BuiltPage;
/** On the host's loopback. */
let web: Server;

beforeAll(async () => {
  web = createServer((request, response) => void response.end(`the host, asked for ${request.url}\n`));
  await new Promise<void>((resolve) => void web.listen(0, '127.0.0.1', resolve));
  process.env['VIVARIUM_UPLINK'] = 'open';
  built = await builtPage();
  browser = await launchChromium();
  context = await browser.newContext();
});

afterAll(async () => {
  await browser.close();
  await built.close();
  web.close();
});

/** The bytes of the image that a request asks for. */
const rangeOf = async (request: Request): Promise<readonly [number, number]> => {
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec((await request.allHeaders())['range'] ?? '') ?? [];
  return [Number(first), Number(last) + 1];
};

const ping = (machine: MachineScreen, number: number): Promise<void> =>
  machine.run(`ping -c 1 -w 60 10.0.2.${100 + number} >/dev/null`);

it('puts machines of one page and of another tab on one switch, and gives them a disk in ranges', async () => {
  const asked: Request[] = [];
  const both = await ShellPage.open(context, `${built.url}lan.html`, async (page) => {
    page.on('request', (request) => {
      if (request.url().endsWith('/disk/image')) asked.push(request);
    });
  });
  await both.page.getByText('Switch: 2 machines').waitFor();
  const other = await ShellPage.open(context, `${built.url}lan.html?machines=1`);
  const machines = [both.machine(0), both.machine(1), other.machine(0)] as const;
  for (const machine of machines) await machine.shows(MARKER);
  const [first, second, third] = machines;

  // Within the page, and from tab to tab.
  await ping(first, 2);
  await ping(second, 3);
  await ping(third, 1);
  await both.page.getByText('Switch: 3 machines, 1 of them in other tabs').waitFor();
  await third.root.getByText('link up').waitFor();

  // A file, in segments that nobody cuts: both have the same.
  await second.run('httpd -h /bin');
  await third.run('cd && wget -q -O copy http://10.0.2.102/busybox && cmp copy /bin/busybox');

  // A cable that is pulled, and put back.
  const cable = first.root.getByRole('button', { name: 'Cable' });
  await cable.click();
  await first.root.getByText('link down').waitFor();
  await second.run('! ping -c 1 -w 1 10.0.2.101 >/dev/null');
  await cable.click();
  await ping(second, 1);

  // The disk: what is not read is not fetched, and what is written is not the server's.
  await first.run('mount -o ro /dev/vda /mnt && cd /mnt && ! touch mine');
  await first.run('grep -v large SHA256SUMS | sha256sum -c');
  await second.run('mount /dev/vdb /mnt && echo mine >/mnt/mine && umount /mnt && mount /dev/vdb /mnt');
  await second.run('[ "$(cat /mnt/mine)" = mine ] && umount /mnt && mount -o ro /dev/vda /mnt && [ ! -e /mnt/mine ]');
  const ranges = await Promise.all(asked.map(rangeOf));
  const fetched = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  expect(fetched).toBeGreaterThan(256 * 1024);
  expect(fetched).toBeLessThan(IMAGE_SIZE / 8);
  await first.root.getByText(/of 64\.0 MiB fetched, \d+ requests/).waitFor();

  // The host's network, through the relay and its translator.
  const { port } = web.address() as AddressInfo;
  const fetchPage = `wget -q -T 5 -O - http://10.0.2.2:${port}/page`;
  await second.run(`! ${fetchPage}`);
  await both.page.getByRole('button', { name: 'Uplink' }).click();
  await second.run(`until ${fetchPage}; do sleep 1; done`);
  await second.shows('the host, asked for /page');

  // A tab that closes takes its machines along.
  await other.page.close();
  await both.page.getByText('Switch: 2 machines').waitFor();
  await first.run('sync');
  await first.type('exit');
  expect(await first.overlay('Powered off')).toContain('Boot again');
  await both.page.getByText('Switch: 1 machine').waitFor();
  expect([...both.complaints, ...other.complaints]).toEqual([]);
  // The next tests count machines from none.
  await both.page.close();
});

it('says what a browser or a server cannot, and goes on without it', async () => {
  const problem = { code: 'VIV_SHELL_DISK', message: 'there is no mke2fs', hint: 'Install e2fsprogs.' };
  const shell = await ShellPage.open(context, `${built.url}lan.html?machines=1`, async (page) => {
    await page.addInitScript('delete globalThis.SharedWorker');
    await page.route(`**${DISK_PATH}`, (route) => route.fulfill({ json: { state: 'failed', problem } }));
    await page.route(`**${UPLINK_PATH}`, (route) => route.fulfill({ json: { state: 'off' } }));
  });
  const { page } = shell;
  await page.getByText('Switch: 1 machine; this browser does not share it with other tabs').waitFor();
  await page.getByText('no disk: there is no mke2fs (VIV_SHELL_DISK)').waitFor();
  const uplink = page.getByRole('button', { name: 'Uplink' });
  await page.getByTitle('The server offers no uplink').waitFor();
  expect(await uplink.isDisabled()).toBe(true);
  // The machine boots all the same.
  await page.getByText('link up').waitFor();
  expect(shell.complaints).toEqual([]);
  await page.close();
});

it('notices a tab that dies without a word', async () => {
  const one = await ShellPage.open(context, `${built.url}lan.html?machines=1`);
  const other = await ShellPage.open(context, `${built.url}lan.html?machines=1`);
  await one.page.getByText('Switch: 2 machines, 1 of them in other tabs').waitFor();
  const debugging = await context.newCDPSession(other.page);
  // Never answered.
  debugging.send('Page.crash').catch(() => {});
  await one.page.getByText(/^Switch: 1 machine$/).waitFor();
  await one.root.getByText('link up').waitFor();
  expect(one.complaints).toEqual([]);
  await one.page.close();
});
