import type { Browser, Page } from 'playwright-core';

/** Milliseconds until a step that guest or page should take has failed; far more than a loaded machine needs. */
const PATIENCE = 300_000;

/** The shell's page in a browser, as its user sees it. */
export class ShellPage {
  readonly page: Page;
  /** What no page should make: errors on the console, exceptions, requests to elsewhere. */
  readonly complaints: string[] = [];

  constructor(page: Page, origin: string) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (['http:', 'https:'].includes(url.protocol) && url.origin !== origin) this.complaints.push(request.url());
    });
  }

  static async open(browser: Browser, url: string, prepare?: (page: Page) => Promise<void>): Promise<ShellPage> {
    const page = await browser.newPage({ viewport: { width: 1100, height: 700 } });
    const shell = new ShellPage(page, new URL(url).origin);
    await prepare?.(page);
    await page.goto(url);
    return shell;
  }

  /** Waits until the terminal shows `text` on a line of its own. */
  async shows(text: string): Promise<void> {
    const line = this.page.locator('.xterm-rows > div').filter({ hasText: new RegExp(`^\\s*${text}\\s*$`) });
    await this.#patiently(`the terminal shows ${text}`, () => line.last().waitFor({ state: 'attached' }));
  }

  /** Types into whatever has the focus, as a person would. */
  async type(line: string): Promise<void> {
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  /** Waits for the overlay with this title and returns what it says. */
  async overlay(title: string): Promise<string> {
    const heading = this.page.locator('#overlay-title').filter({ hasText: title });
    await this.#patiently(`the overlay says ${title}`, () => heading.waitFor());
    return this.page.locator('#overlay').innerText();
  }

  focused(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.id || (document.activeElement?.className ?? ''));
  }

  /** A failure tells what was on the page. */
  async #patiently(what: string, wait: () => Promise<void>): Promise<void> {
    try {
      await wait();
    } catch (cause) {
      const screen = await this.page.locator('.xterm-rows').innerText().catch(String);
      const overlay = await this.page.locator('#overlay').innerText().catch(String);
      throw new Error(`${what}: it did not. Overlay: ${overlay}\nTerminal:\n${screen}\n${this.complaints.join('\n')}`, {
        cause,
      });
    }
  }
}
