import { problemOf } from '../problem.ts';
import type { BootRequest, MachineEvent } from '../protocol.ts';
import { type SeatStatus, seatAddress, seatName } from '../switch/protocol.ts';
import { amount } from './amount.ts';
import { part } from './elements.ts';
import type { LanClient, Seat } from './lan-client.ts';
import { MachinePane, type PaneOwner } from './machine-pane.ts';
import type { ReadyDisk } from './served-disk.ts';

/** One machine on the page of the network: its pane, its cable, its disk. */
export class LanMachine implements PaneOwner {
  readonly #lan: LanClient;
  readonly #disk: Promise<ReadyDisk>;
  readonly #pane: MachinePane;
  readonly #name: HTMLElement;
  readonly #address: HTMLElement;
  readonly #cable: HTMLButtonElement;
  readonly #traffic: HTMLElement;
  readonly #diskText: HTMLElement;
  #seat: Seat | undefined;
  #diskLength = 0;

  constructor(root: HTMLElement, lan: LanClient, disk: Promise<ReadyDisk>) {
    this.#lan = lan;
    this.#disk = disk;
    this.#name = part(root, 'name', HTMLElement);
    this.#address = part(root, 'address', HTMLElement);
    this.#cable = part(root, 'cable', HTMLButtonElement);
    this.#traffic = part(root, 'traffic', HTMLElement);
    this.#diskText = part(root, 'disk', HTMLElement);
    this.#pane = new MachinePane(root, this);
    this.#cable.addEventListener('click', () => this.#plug(this.#cable.ariaPressed !== 'true'));
    this.#showSeat(undefined);
  }

  boot(focus: boolean): void {
    this.#pane.boot(focus);
  }

  /** A place on the switch, and the server's disk; a machine boots without a disk, too. */
  async equip(): Promise<Pick<BootRequest, 'network' | 'disk'>> {
    const disk = await this.#disk.catch((error: unknown) => {
      const { code, message } = problemOf(error);
      this.#showDisk(`no disk: ${message} (${code})`, true);
      return undefined;
    });
    if (disk !== undefined) {
      this.#diskLength = disk.length;
      this.#showDisk(`disk: ${amount(0, disk.length)} fetched`);
    }
    const seat = await this.#lan.plug();
    this.#seat = seat;
    this.#name.textContent = seatName(seat.number);
    this.#address.textContent = seatAddress(seat.number);
    this.#plug(true);
    return { network: seat.network, ...(disk === undefined ? {} : { disk: { path: disk.path } }) };
  }

  event(event: MachineEvent): void {
    if (event.kind === 'fetched') {
      const requests = event.requests === 1 ? '1 request' : `${event.requests} requests`;
      this.#showDisk(`disk: ${amount(event.bytes, this.#diskLength)} fetched, ${requests}`);
    }
    if (event.kind !== 'ended' && event.kind !== 'failed') return;
    if (this.#seat !== undefined) this.#lan.unplug(this.#seat.number);
    this.#seat = undefined;
    this.#showSeat(undefined);
  }

  /** How its place on the switch is. */
  seats(all: readonly SeatStatus[]): void {
    const number = this.#seat?.number;
    if (number !== undefined) this.#showSeat(all.find((seat) => seat.number === number));
  }

  #plug(up: boolean): void {
    if (this.#seat === undefined) return;
    this.#lan.setLink(this.#seat.number, up);
    this.#cable.ariaPressed = String(up);
    this.#cable.title = up ? 'Pull the cable out of the switch' : 'Put the cable back into the switch';
    this.#cable.textContent = up ? 'Cable' : 'Cable out';
  }

  #showSeat(seat: SeatStatus | undefined): void {
    this.#cable.disabled = this.#seat === undefined;
    this.#cable.dataset['up'] = String(seat?.up === true);
    const { up = false, sent = 0, received = 0, dropped = 0 } = seat ?? {};
    const frames = `${sent} frames sent, ${received} received${dropped === 0 ? '' : `, ${dropped} dropped`}`;
    this.#traffic.textContent = `link ${up ? 'up' : 'down'}: ${frames}`;
  }

  #showDisk(text: string, isProblem = false): void {
    this.#diskText.textContent = text;
    this.#diskText.toggleAttribute('data-problem', isProblem);
  }
}
