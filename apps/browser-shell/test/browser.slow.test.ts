import type { Browser, Page } from 'playwright-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUEST_PATH, type GuestDescription } from '../src/guest-description.ts';
import { SECURITY_HEADERS } from '../src/server/security-headers.ts';
import { address, type BuiltPage, builtPage, root, urlOf } from './built-page.ts';
import { launchChromium } from './chromium.ts';
import { ShellPage } from './page.ts';
import { trappedKernel } from './trapped-kernel.ts';

const MARKER = 'vivarium: userspace';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
});

describe('the built page', () => {
  let built: BuiltPage;

  beforeAll(async () => {
    built = await builtPage();
  });

  afterAll(async () => {
    await built.close();
  });

  it('boots Debian to a shell, which answers, and ends and starts as its user asks', async () => {
    const shell = await ShellPage.open(browser, built.url);
    const { page } = shell;
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);

    await shell.shows(MARKER);
    expect(await shell.focused()).toContain('xterm-helper-textarea');
    await shell.type('echo $((6*7))-$(uname -m)');
    await shell.shows('42-riscv64');

    // The guest hears of the size of the window.
    await page.setViewportSize({ width: 390, height: 700 });
    await shell.type('until [ "$(stty size | cut -d" " -f2)" -lt 70 ]; do sleep 0.1; done; echo nar""row');
    await shell.shows('narrow');

    // A flood ends with Ctrl-C.
    await shell.type('yes flood');
    await shell.shows('flood');
    await page.keyboard.press('Control+c');
    await shell.type('clear; echo d""ry');
    await shell.shows('dry');

    await shell.type('poweroff -f');
    expect(await shell.overlay('Powered off')).toContain('Boot again');
    expect(await shell.focused()).toBe('boot');

    await page.getByLabel('Memory').selectOption('512 MiB');
    await page.getByRole('button', { name: 'Boot again' }).click();
    await shell.shows(MARKER);
    await shell.type('read -r _ kb _ </proc/meminfo; echo $((kb > 400000))-more');
    await shell.shows('1-more');

    await page.getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => page.locator('.xterm-rows').innerText()).not.toContain(MARKER);
    await shell.shows(MARKER);

    await page.getByRole('button', { name: 'Power off' }).click();
    await shell.overlay('Switched off');
    expect(shell.complaints).toEqual([]);
    await page.close();
  });

  it('comes with the headers that keep it to itself', async () => {
    for (const path of ['', GUEST_PATH.slice(1)]) {
      const { headers } = await fetch(new URL(path, built.url));
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(headers.get(name)).toBe(value);
    }
  });

  /** Opens the page with another guest than the server's. */
  const withGuest = (description: GuestDescription, kernel?: Uint8Array): Promise<ShellPage> =>
    ShellPage.open(browser, built.url, async (page: Page) => {
      await page.route(`**${GUEST_PATH}`, (route) => route.fulfill({ json: description }));
      await page.route('**/test/kernel', (route) =>
        kernel === undefined ? route.abort() : route.fulfill({ body: Buffer.from(kernel) }),
      );
      await page.route('**/test/initrd', (route) => route.fulfill({ body: Buffer.alloc(512) }));
    });

  const ready = (length: number): GuestDescription => ({
    state: 'ready',
    release: 'test',
    kernel: { path: '/test/kernel', length },
    initrd: { path: '/test/initrd', length: 512 },
    commandLine: '',
  });

  it('shows how far the server is with its guest, and the error with which that ended', async () => {
    const problem = { code: 'VIV_GUEST_NO_APT', message: 'there is no apt', hint: 'Use another host.' };
    let answer: GuestDescription = { state: 'preparing', message: 'Asking the mirror', done: 30, total: 100 };
    const shell = await ShellPage.open(browser, built.url, async (page) => {
      await page.route(`**${GUEST_PATH}`, (route) => route.fulfill({ json: answer }));
    });
    await shell.page.getByText('Asking the mirror: 30 %').waitFor();
    answer = { state: 'failed', problem };
    const text = await shell.overlay('The machine could not go on');
    for (const part of Object.values(problem)) expect(text).toContain(part);
    expect(text).toContain('Boot again');
    await shell.page.close();
  });

  it('can be switched off while it is still starting', async () => {
    const shell = await withGuest({ state: 'preparing', message: 'Asking the mirror' });
    await shell.page.getByText('Asking the mirror').waitFor();
    await shell.page.getByRole('button', { name: 'Power off' }).click();
    expect(await shell.overlay('Switched off')).toContain('Boot again');
    await shell.page.close();
  });

  it('says what is wrong with a download', async () => {
    const broken = await withGuest(ready(100));
    expect(await broken.overlay('The machine could not go on')).toContain('VIV_SHELL_SERVER');
    await broken.page.close();
    const short = await withGuest(ready(100), new Uint8Array(99));
    expect(await short.overlay('The machine could not go on')).toContain('ended after 99 of 100 bytes');
    await short.page.close();
  });

  it('says what is wrong with a kernel', async () => {
    const shell = await withGuest(ready(4096), new Uint8Array(4096));
    expect(await shell.overlay('The machine could not go on')).toMatch(/VIV_IMAGE_\w+/);
    await shell.page.close();
  });

  it('names the fault of a guest', async () => {
    const kernel = trappedKernel();
    const shell = await withGuest(ready(kernel.length), kernel);
    expect(await shell.overlay('The guest has crashed')).toMatch(/GUEST_\w+/);
    await shell.page.close();
  });
});

describe('the page of the development server', () => {
  it('boots from the sources of the packages', async () => {
    const server = await createServer({ root, configLoader: 'native', logLevel: 'warn', server: address });
    await server.listen();
    try {
      const shell = await ShellPage.open(browser, urlOf(server));
      await shell.shows(MARKER);
      await shell.type('echo $((6*7))-$(uname -m)');
      await shell.shows('42-riscv64');
      await shell.type('exit');
      await shell.overlay('Powered off');
      expect(shell.complaints).toEqual([]);
      await shell.page.close();
    } finally {
      await server.close();
    }
  });
});
