import type { OverlayText } from './ending-text.ts';
import { part } from './elements.ts';

/** The card in front of the terminal: progress before the machine runs, the reason after it ended. */
export class Overlay {
  readonly #root: HTMLElement;
  readonly #title: HTMLElement;
  readonly #message: HTMLElement;
  readonly #hint: HTMLElement;
  readonly #code: HTMLElement;
  readonly #progress: HTMLProgressElement;
  readonly #boot: HTMLButtonElement;

  constructor(root: ParentNode, bootAgain: () => void) {
    this.#root = part(root, 'overlay', HTMLElement);
    this.#title = part(root, 'overlay-title', HTMLElement);
    this.#message = part(root, 'overlay-message', HTMLElement);
    this.#hint = part(root, 'overlay-hint', HTMLElement);
    this.#code = part(root, 'overlay-code', HTMLElement);
    this.#progress = part(root, 'overlay-progress', HTMLProgressElement);
    this.#boot = part(root, 'boot', HTMLButtonElement);
    this.#boot.addEventListener('click', bootAgain);
  }

  /** `done` and `total` in any unit; without them the end is not in sight. */
  showProgress(title: string, message: string, done: number | undefined, total: number | undefined): void {
    this.#show({ title, message });
    this.#progress.hidden = false;
    this.#boot.hidden = true;
    if (done === undefined || total === undefined) {
      this.#progress.removeAttribute('value');
    } else {
      this.#progress.max = total;
      this.#progress.value = done;
    }
  }

  /** With `focus`, the button that boots again gets the keyboard. */
  showEnding(text: OverlayText, focus: boolean): void {
    this.#show(text);
    this.#progress.hidden = true;
    this.#boot.hidden = false;
    if (focus) this.#boot.focus();
  }

  hide(): void {
    this.#root.hidden = true;
  }

  #show({ title, message, hint, code }: OverlayText): void {
    this.#root.hidden = false;
    this.#title.textContent = title;
    this.#message.textContent = message;
    this.#hint.textContent = hint ?? '';
    this.#code.textContent = code ?? '';
  }
}
