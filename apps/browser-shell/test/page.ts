import type { BrowserContext, Locator, Page } from 'playwright-core';

/** Milliseconds until a step that guest or page should take has failed; far more than a loaded machine needs. */
const PATIENCE = 300_000;

/** One machine on a page, as its user sees it. */
export class MachineScreen {
  readonly page: Page;
  /** The element that the machine's own are below. */
  readonly root: Locator;
  /** What no page should make: errors on the console, exceptions, requests to elsewhere. */
  readonly complaints: string[];

  constructor(page: Page, root: Locator, complaints: string[]) {
    this.page = page;
    this.root = root;
    this.complaints = complaints;
  }

  /** Waits until the terminal shows `text` on a line of its own. */
  async shows(text: string): Promise<void> {
    const line = this.root.locator('.xterm-rows > div').filter({ hasText: new RegExp(`^\\s*${text}\\s*$`) });
    await this.#patiently(`the terminal shows ${text}`, () => line.last().waitFor({ state: 'attached' }));
  }

  /** Types into whatever has the focus, as a person would. */
  async type(line: string): Promise<void> {
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  /** Types a command into this machine, and waits for the end of its success. */
  async run(command: string): Promise<void> {
    const mark = `done-${Math.random().toString(36).slice(2)}`;
    await this.root.locator('.xterm-helper-textarea').focus();
    // What is typed is not what is waited for.
    await this.type(`${command} && echo ${mark.slice(0, 5)}""${mark.slice(5)}`);
    await this.shows(mark);
  }

  /** Waits for the overlay with this title and returns what it says. */
  async overlay(title: string): Promise<string> {
    const heading = this.root.locator('[data-part="overlay-title"]').filter({ hasText: title });
    await this.#patiently(`the overlay says ${title}`, () => heading.waitFor());
    return this.root.locator('[data-part="overlay"]').innerText();
  }

  /** A failure tells what was on the page. */
  async #patiently(what: string, wait: () => Promise<void>): Promise<void> {
    try {
      await wait();
    } catch (cause) {
      const screen = await this.root.locator('.xterm-rows').innerText().catch(String);
      const overlay = await this.root.locator('[data-part="overlay"]').innerText().catch(String);
      throw new Error(`${what}: it did not. Overlay: ${overlay}\nTerminal:\n${screen}\n${this.complaints.join('\n')}`, {
        cause,
      });
    }
  }
}

/** A page of the shell: the screen of its one machine, or of several. */
export class ShellPage extends MachineScreen {
  constructor(page: Page, origin: string) {
    super(page, page.locator('body'), []);
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

  static async open(
    browser: Pick<BrowserContext, 'newPage'>,
    url: string,
    prepare?: (page: Page) => Promise<void>,
  ): Promise<ShellPage> {
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1100, height: 700 });
    const shell = new ShellPage(page, new URL(url).origin);
    await prepare?.(page);
    await page.goto(url);
    return shell;
  }

  /** One of several machines on the page. */
  machine(index: number): MachineScreen {
    return new MachineScreen(this.page, this.page.locator('article').nth(index), this.complaints);
  }

  focused(): Promise<string> {
    return this.page.evaluate(() => document.activeElement?.id || (document.activeElement?.className ?? ''));
  }
}
