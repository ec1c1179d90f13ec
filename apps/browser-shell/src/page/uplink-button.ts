import type { UplinkStatus } from '../switch/protocol.ts';
import { UPLINK_PATH, type UplinkDescription } from '../uplink-description.ts';
import type { LanClient } from './lan-client.ts';

const LABELS: Readonly<Record<UplinkStatus['state'], string>> = {
  off: 'Uplink',
  connecting: 'Uplink: connecting',
  open: 'Uplink',
  waiting: 'Uplink: trying again',
};

/** Connects the switch with the host's network, where the server offers that. */
export class UplinkButton {
  readonly #button: HTMLButtonElement;
  #address: { readonly url: string; readonly token: string } | undefined;

  constructor(button: HTMLButtonElement, lan: LanClient) {
    this.#button = button;
    button.addEventListener('click', () => {
      lan.setUplink(button.ariaPressed === 'true' ? undefined : this.#address);
    });
    button.title = 'Asking the server for an uplink';
    void this.#ask();
  }

  show({ state, problem }: UplinkStatus): void {
    const isOn = state !== 'off';
    this.#button.textContent = LABELS[state];
    this.#button.dataset['state'] = state;
    this.#button.ariaPressed = String(isOn);
    if (this.#address === undefined) return;
    this.#button.title =
      problem === undefined
        ? `${isOn ? 'Take the switch off' : 'Connect the switch with'} the network of the host`
        : `${problem.message}. ${problem.hint ?? ''} (${problem.code})`;
  }

  async #ask(): Promise<void> {
    const description = await fetch(UPLINK_PATH)
      .then(async (response) => (await response.json()) as UplinkDescription)
      .catch((): UplinkDescription => ({ state: 'off' }));
    if (description.state === 'off') {
      this.#button.title = 'The server offers no uplink: VIVARIUM_UPLINK=public lets it';
      return;
    }
    const url = new URL(description.path, location.origin.replace(/^http/, 'ws')).href;
    this.#address = { url, token: description.token };
    this.#button.disabled = false;
    this.#button.title = 'Connect the switch with the network of the host';
  }
}
