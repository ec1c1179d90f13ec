import type { OverlayText } from './ending-text.ts';
import { element } from './elements.ts';

/** The card in front of the terminal: progress before the machine runs, the reason after it ended. */
export class Overlay {
  readonly #root = element('overlay', HTMLElement);
  readonly #title = element('overlay-title', HTMLElement);
  readonly #message = element('overlay-message', HTMLElement);
  readonly #hint = element('overlay-hint', HTMLElement);
  readonly #code = element('overlay-code', HTMLElement);
  readonly #progress = element('overlay-progress', HTMLProgressElement);
  readonly #boot = element('boot', HTMLButtonElement);

  constructor(bootAgain: () => void) {
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

  showEnding(text: OverlayText): void {
    this.#show(text);
    this.#progress.hidden = true;
    this.#boot.hidden = false;
    this.#boot.focus();
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
