import type { MachineEvent } from '../protocol.ts';
import { ConsoleView } from './console-view.ts';
import { element } from './elements.ts';
import { endingText, type OverlayText, problemText } from './ending-text.ts';
import { MachineWorker } from './machine-worker.ts';
import { Overlay } from './overlay.ts';

const MIB = 1024 * 1024;

type State = 'starting' | 'running' | 'off' | 'failed';

/** Bytes for people, when they are many enough to be bytes. */
const amount = (done: number, total: number): string =>
  total > 100
    ? `${(done / MIB).toFixed(1)} of ${(total / MIB).toFixed(1)} MiB`
    : `${Math.round((done / total) * 100)} %`;

/** The page: one machine at a time, its terminal, and the controls around it. */
export class Shell {
  #machine: MachineWorker | undefined;
  readonly #status = element('status', HTMLElement);
  readonly #statusText = element('status-text', HTMLElement);
  readonly #memory = element('memory', HTMLSelectElement);
  readonly #reset = element('reset', HTMLButtonElement);
  readonly #power = element('power', HTMLButtonElement);
  readonly #notice = element('notice', HTMLElement);
  readonly #noticeText = element('notice-text', HTMLElement);
  readonly #overlay = new Overlay(() => this.boot());
  readonly #console = new ConsoleView(element('terminal', HTMLElement), {
    typed: (bytes) => this.#typed(bytes),
    resized: (columns, rows) => this.#machine?.resize(columns, rows),
  });
  constructor() {
    this.#reset.addEventListener('click', () => {
      this.#machine?.reset();
      // What the guest's programs have set of the terminal is gone with them.
      this.#console.clear();
      this.#console.focus();
    });
    element('notice-close', HTMLButtonElement).addEventListener('click', () => {
      this.#notice.hidden = true;
      this.#console.focus();
    });
    this.#power.addEventListener('click', () => {
      if (this.#machine === undefined) this.boot();
      else this.#machine.stop();
    });
    this.#memory.addEventListener('change', () => {
      if (this.#machine !== undefined) this.#say('The machine gets the other amount of memory at its next boot.');
    });
  }

  /** Starts a machine, unless there is one. */
  boot(): void {
    if (this.#machine !== undefined) return;
    this.#notice.hidden = true;
    this.#console.clear();
    this.#enter('starting', 'Starting');
    this.#overlay.showProgress('Starting', 'Loading the machine', undefined, undefined);
    this.#console.focus();
    this.#machine = new MachineWorker(
      { memory: Number(this.#memory.value) * MIB, columns: this.#console.columns, rows: this.#console.rows },
      { output: (bytes, shown) => this.#console.write(bytes, shown), event: (event) => this.#hear(event) },
    );
  }

  #hear(event: MachineEvent): void {
    switch (event.kind) {
      case 'progress': {
        const { message, done, total } = event;
        const text = done === undefined || total === undefined ? message : `${message}: ${amount(done, total)}`;
        this.#overlay.showProgress('Starting', text, done, total);
        return;
      }
      case 'running':
        this.#enter('running', event.release);
        this.#overlay.hide();
        this.#console.focus();
        return;
      case 'notice':
        this.#say(event.message);
        return;
      case 'ended':
        this.#end(event.ending.kind === 'fault' ? 'failed' : 'off', endingText(event.ending));
        return;
      case 'failed':
        this.#end('failed', problemText('The machine could not go on', event.problem));
    }
  }

  #end(state: State, text: OverlayText): void {
    this.#machine = undefined;
    this.#enter(state, text.title);
    this.#overlay.showEnding(text);
  }

  #enter(state: State, text: string): void {
    this.#status.dataset['state'] = state;
    this.#statusText.textContent = text;
    this.#reset.disabled = state !== 'running';
    const off = state === 'off' || state === 'failed';
    this.#power.textContent = off ? 'Power on' : 'Power off';
    this.#console.enabled = !off;
  }

  #typed(bytes: Uint8Array): void {
    if (this.#machine?.type(bytes) === false) {
      this.#say('The guest does not read its input; what was typed or pasted last is dropped.');
    }
  }

  #say(message: string): void {
    this.#noticeText.textContent = message;
    this.#notice.hidden = false;
  }
}
