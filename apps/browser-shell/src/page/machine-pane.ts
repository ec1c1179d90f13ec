import { problemOf } from '../problem.ts';
import type { BootRequest, MachineEvent } from '../protocol.ts';
import { amount, MIB } from './amount.ts';
import { ConsoleView } from './console-view.ts';
import { part } from './elements.ts';
import { endingText, type OverlayText, problemText } from './ending-text.ts';
import { MachineWorker } from './machine-worker.ts';
import { Overlay } from './overlay.ts';

type State = 'starting' | 'running' | 'off' | 'failed';

/** What a machine is given besides what every one has, and what its owner hears of it. */
export interface PaneOwner {
  /** Asked at each boot; what it throws ends the boot. */
  equip?(): Promise<Pick<BootRequest, 'network' | 'disk'>>;
  event?(event: MachineEvent): void;
}

/** One machine at a time, its terminal, and the controls around it. Its elements are the parts below `root`. */
export class MachinePane {
  #machine: MachineWorker | undefined;
  #equipping = false;
  readonly #owner: PaneOwner;
  /** The page is this machine's: so is the keyboard. */
  readonly #isAlone: boolean;
  readonly #status: HTMLElement;
  readonly #statusText: HTMLElement;
  readonly #memory: HTMLSelectElement;
  readonly #reset: HTMLButtonElement;
  readonly #power: HTMLButtonElement;
  readonly #notice: HTMLElement;
  readonly #noticeText: HTMLElement;
  readonly #overlay: Overlay;
  readonly #console: ConsoleView;

  constructor(root: ParentNode, owner: PaneOwner = {}) {
    this.#isAlone = root === document;
    this.#owner = owner;
    this.#status = part(root, 'status', HTMLElement);
    this.#statusText = part(root, 'status-text', HTMLElement);
    this.#memory = part(root, 'memory', HTMLSelectElement);
    this.#reset = part(root, 'reset', HTMLButtonElement);
    this.#power = part(root, 'power', HTMLButtonElement);
    this.#notice = part(root, 'notice', HTMLElement);
    this.#noticeText = part(root, 'notice-text', HTMLElement);
    this.#overlay = new Overlay(root, () => this.boot());
    this.#console = new ConsoleView(part(root, 'terminal', HTMLElement), {
      typed: (bytes) => this.#typed(bytes),
      resized: (columns, rows) => this.#machine?.resize(columns, rows),
    });
    this.#listen(part(root, 'notice-close', HTMLButtonElement));
  }

  /** Starts a machine, unless there is one. The keyboard is its own, unless `focus` is false. */
  boot(focus = true): void {
    if (this.#machine !== undefined || this.#equipping) return;
    this.#notice.hidden = true;
    this.#console.clear();
    this.#enter('starting', 'Starting');
    this.#overlay.showProgress('Starting', 'Loading the machine', undefined, undefined);
    if (focus) this.#console.focus();
    void this.#start();
  }

  /** Says something below the terminal, until it is dismissed. */
  say(message: string): void {
    this.#noticeText.textContent = message;
    this.#notice.hidden = false;
  }

  #listen(noticeClose: HTMLButtonElement): void {
    this.#reset.addEventListener('click', () => {
      this.#machine?.reset();
      // What the guest's programs have set of the terminal is gone with them.
      this.#console.clear();
      this.#console.focus();
    });
    noticeClose.addEventListener('click', () => {
      this.#notice.hidden = true;
      this.#console.focus();
    });
    this.#power.addEventListener('click', () => {
      if (this.#machine === undefined) this.boot();
      else this.#machine.stop();
    });
    this.#memory.addEventListener('change', () => {
      if (this.#machine !== undefined) this.say('The machine gets the other amount of memory at its next boot.');
    });
  }

  async #start(): Promise<void> {
    this.#equipping = true;
    try {
      const equipment = await this.#owner.equip?.();
      const { columns, rows } = this.#console;
      this.#machine = new MachineWorker(
        { memory: Number(this.#memory.value) * MIB, columns, rows, ...equipment },
        { output: (bytes, shown) => this.#console.write(bytes, shown), event: (event) => this.#hear(event) },
      );
    } catch (error) {
      this.#hear({ kind: 'failed', problem: problemOf(error) });
    } finally {
      this.#equipping = false;
    }
  }

  #hear(event: MachineEvent): void {
    switch (event.kind) {
      case 'progress': {
        const { message, done, total } = event;
        const text = done === undefined || total === undefined ? message : `${message}: ${amount(done, total)}`;
        this.#overlay.showProgress('Starting', text, done, total);
        break;
      }
      case 'running':
        this.#enter('running', this.#isAlone ? event.release : 'Running', event.release);
        this.#overlay.hide();
        if (this.#isAlone) this.#console.focus();
        break;
      case 'notice':
        this.say(event.message);
        break;
      case 'ended':
        this.#end(event.ending.kind === 'fault' ? 'failed' : 'off', endingText(event.ending));
        break;
      case 'failed':
        this.#end('failed', problemText('The machine could not go on', event.problem));
        break;
      case 'fetched':
    }
    this.#owner.event?.(event);
  }

  #end(state: State, text: OverlayText): void {
    this.#machine = undefined;
    this.#enter(state, text.title);
    this.#overlay.showEnding(text, this.#isAlone || this.#console.hasFocus);
  }

  #enter(state: State, text: string, title = text): void {
    this.#status.dataset['state'] = state;
    this.#statusText.textContent = text;
    this.#statusText.title = title;
    this.#reset.disabled = state !== 'running';
    const off = state === 'off' || state === 'failed';
    this.#power.textContent = off ? 'Power on' : 'Power off';
    this.#console.enabled = !off;
  }

  #typed(bytes: Uint8Array): void {
    if (this.#machine?.type(bytes) === false) {
      this.say('The guest does not read its input; what was typed or pasted last is dropped.');
    }
  }
}
