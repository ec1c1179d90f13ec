import type { Problem } from '../protocol.ts';
import type { SeatStatus, SwitchStatus } from '../switch/protocol.ts';
import { part } from './elements.ts';
import { LanClient } from './lan-client.ts';
import { LanMachine } from './lan-machine.ts';
import { findDisk } from './served-disk.ts';
import { UplinkButton } from './uplink-button.ts';

/** Most machines on one page: each takes memory and a core of the host. */
const MOST_MACHINES = 4;
const MACHINES = 2;

/** How many machines the address asks for: `?machines=1`. */
const wantedMachines = (): number => {
  const wanted = Number(new URLSearchParams(location.search).get('machines') ?? MACHINES);
  return Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_MACHINES ? wanted : MACHINES;
};

const machines = (count: number): string => (count === 1 ? '1 machine' : `${count} machines`);

const switchText = (all: readonly SeatStatus[], shared: boolean): string => {
  // Machines of other tabs may be gone without a word.
  const seats = all.filter(({ own, up }) => own || up);
  const others = seats.filter(({ own }) => !own).length;
  const elsewhere = others === 0 ? '' : `, ${others} of them in other tabs`;
  return `Switch: ${machines(seats.length)}${elsewhere}${shared ? '' : '; this browser does not share it with other tabs'}`;
};

/** The page of the network: machines side by side, on a switch that all tabs of the origin share. */
export class LanPage {
  readonly #machines: LanMachine[] = [];
  readonly #disk = findDisk();
  readonly #place = part(document, 'machines', HTMLElement);
  readonly #template = part(document, 'machine', HTMLTemplateElement);
  readonly #switch = part(document, 'switch', HTMLElement);
  readonly #switchText = part(document, 'switch-text', HTMLElement);
  readonly #add = part(document, 'add', HTMLButtonElement);
  readonly #lan = new LanClient({
    status: (status) => this.#showStatus(status),
    failed: (problem) => this.#showFailure(problem),
  });

  readonly #uplink = new UplinkButton(part(document, 'uplink', HTMLButtonElement), this.#lan);

  constructor() {
    // Each machine says what is wrong with the disk.
    this.#disk.catch(() => {});
    this.#add.addEventListener('click', () => this.#addMachine(true));
    addEventListener('pagehide', ({ persisted }) => {
      if (!persisted) this.#lan.leave();
    });
  }

  /** Boots the machines that the address asks for. */
  boot(): void {
    for (let count = wantedMachines(); count > 0; count -= 1) this.#addMachine(this.#machines.length === 0);
  }

  #addMachine(focus: boolean): void {
    const copy = this.#template.content.cloneNode(true) as DocumentFragment;
    const article = copy.querySelector('article');
    if (article === null) throw new TypeError('the template of a machine has no article');
    this.#place.append(copy);
    const machine = new LanMachine(article, this.#lan, this.#disk);
    this.#machines.push(machine);
    this.#add.disabled = this.#machines.length >= MOST_MACHINES;
    machine.boot(focus);
  }

  #showStatus({ seats, uplink }: SwitchStatus): void {
    this.#switch.dataset['state'] = 'up';
    this.#switchText.textContent = switchText(seats, this.#lan.shared);
    this.#uplink.show(uplink);
    for (const machine of this.#machines) machine.seats(seats);
  }

  #showFailure({ code, message, hint }: Problem): void {
    this.#switch.dataset['state'] = 'failed';
    this.#switchText.textContent = `${message}. ${hint ?? ''} (${code})`;
  }
}
