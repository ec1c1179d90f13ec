import type {
  CharBackend,
  ConsoleSize,
  VirtioConfig,
  VirtioDevice,
  VirtioQueue,
  VirtioRequest,
  VirtioSignals,
} from '@vivarium/contracts';
import { Port } from './port.ts';
import * as r from './registers.ts';

/** A port besides the console. */
export interface NamedPort {
  readonly name: string;
  readonly backend: CharBackend;
}

const QUEUE_SIZE = 128;
const CONTROL_QUEUE_SIZE = 64;
/** Messages that wait for buffers of the driver; what a driver can make us say is a few for each port. */
const MOST_MESSAGES = 256;
const NO_BYTES = new Uint8Array(0);

interface Message {
  readonly port: number;
  readonly event: number;
  readonly value: number;
  readonly rest?: Uint8Array;
}

/** Console device: port 0 is a console, further ports are byte streams with names. */
export class VirtioConsole implements VirtioDevice, ConsoleSize {
  readonly deviceId = 3;
  readonly kind = 'console';
  readonly features = r.VIRTIO_CONSOLE_F_SIZE | r.VIRTIO_CONSOLE_F_MULTIPORT | r.VIRTIO_CONSOLE_F_EMERG_WRITE;
  readonly queueSizes: readonly number[];
  readonly config: VirtioConfig;
  readonly #ports: readonly Port[];
  readonly #bytes = new DataView(new ArrayBuffer(r.CONFIG.length));
  #queues: readonly (VirtioQueue | undefined)[] = [];
  #signals: VirtioSignals | undefined;
  #multiport = false;
  #messages: Message[] = [];

  constructor(console: CharBackend, ports: readonly NamedPort[]) {
    this.#ports = [new Port('console', console), ...ports.map(({ name, backend }) => new Port(name, backend))];
    this.queueSizes = Array.from({ length: 2 * this.#ports.length + 2 }, (_, index) =>
      index === r.CONTROL_RECEIVEQ || index === r.CONTROL_TRANSMITQ ? CONTROL_QUEUE_SIZE : QUEUE_SIZE,
    );
    this.#bytes.setUint32(r.CONFIG.max_nr_ports, this.#ports.length, true);
    this.config = {
      length: r.CONFIG.length,
      read: (offset) => this.#bytes.getUint8(offset),
      write: (offset, value) => {
        // The first byte of emerg_wr is the character (section 5.3.4).
        if (offset === r.CONFIG.emerg_wr) console.write(Uint8Array.of(value));
      },
    };
  }

  /** Plugs the ports into their backends. */
  connect(): void {
    for (const port of this.#ports) port.connect();
  }

  resize(columns: number, rows: number): void {
    const fits = (size: number): boolean => Number.isInteger(size) && size >= 1 && size <= 0xffff;
    if (!fits(columns) || !fits(rows)) return;
    this.#bytes.setUint16(r.CONFIG.cols, columns, true);
    this.#bytes.setUint16(r.CONFIG.rows, rows, true);
    this.#signals?.configChanged();
    if (this.#multiport) this.#tell(this.#sizeMessage());
  }

  activate(features: bigint, queues: readonly (VirtioQueue | undefined)[], signals: VirtioSignals): void {
    this.#queues = queues;
    this.#signals = signals;
    this.#multiport = (features & r.VIRTIO_CONSOLE_F_MULTIPORT) !== 0n;
    for (const [index, port] of this.#ports.entries()) {
      // Without the feature there is port 0 alone, and no control channel.
      if (index > 0 && !this.#multiport) break;
      port.activate(queues[r.receiveQueue(index)], queues[r.transmitQueue(index)]);
    }
    for (const port of this.#ports) port.refilled();
  }

  notified(index: number): void {
    if (index === r.CONTROL_TRANSMITQ) this.#control();
    else if (index === r.CONTROL_RECEIVEQ) this.#deliver();
    else if (index % 2 === 0) this.#ports[r.portOf(index)]?.refilled();
    else this.#ports[r.portOf(index)]?.send();
  }

  reset(): void {
    this.#queues = [];
    this.#signals = undefined;
    this.#multiport = false;
    this.#messages = [];
    for (const port of this.#ports) port.reset();
  }

  #control(): void {
    const queue = this.#queues[r.CONTROL_TRANSMITQ];
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      this.#hear(request);
      queue.complete(request, 0);
    }
  }

  #hear(request: VirtioRequest): void {
    if (request.readableLength < r.CONTROL_SIZE) return;
    const bytes = request.read(0, r.CONTROL_SIZE);
    const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const [port, event, value] = [fields.getUint32(0, true), fields.getUint16(4, true), fields.getUint16(6, true)];
    if (value !== 1) return;
    if (event === r.VIRTIO_CONSOLE_DEVICE_READY) {
      for (const index of this.#ports.keys()) this.#tell({ port: index, event: r.VIRTIO_CONSOLE_DEVICE_ADD, value: 1 });
    } else if (event === r.VIRTIO_CONSOLE_PORT_READY) this.#open(port);
  }

  #open(index: number): void {
    const port = this.#ports[index];
    if (port === undefined) return;
    if (index === 0) {
      this.#tell({ port: index, event: r.VIRTIO_CONSOLE_CONSOLE_PORT, value: 1 });
      if (this.#bytes.getUint16(r.CONFIG.cols, true) > 0) this.#tell(this.#sizeMessage());
    }
    this.#tell({
      port: index,
      event: r.VIRTIO_CONSOLE_PORT_NAME,
      value: 1,
      rest: new TextEncoder().encode(`${port.name}\0`),
    });
    this.#tell({ port: index, event: r.VIRTIO_CONSOLE_PORT_OPEN, value: 1 });
  }

  #sizeMessage(): Message {
    const rest = new DataView(new ArrayBuffer(4));
    rest.setUint16(0, this.#bytes.getUint16(r.CONFIG.cols, true), true);
    rest.setUint16(2, this.#bytes.getUint16(r.CONFIG.rows, true), true);
    return { port: 0, event: r.VIRTIO_CONSOLE_RESIZE, value: 1, rest: new Uint8Array(rest.buffer) };
  }

  #tell(message: Message): void {
    // Of sizes only the last matters.
    if (message.event === r.VIRTIO_CONSOLE_RESIZE) {
      this.#messages = this.#messages.filter(({ event }) => event !== r.VIRTIO_CONSOLE_RESIZE);
    }
    if (this.#messages.length >= MOST_MESSAGES) return;
    this.#messages.push(message);
    this.#deliver();
  }

  #deliver(): void {
    const queue = this.#queues[r.CONTROL_RECEIVEQ];
    for (;;) {
      const [message] = this.#messages;
      const request = message === undefined ? undefined : queue?.take();
      if (queue === undefined || message === undefined || request === undefined) return;
      this.#messages.shift();
      const { port, event, value, rest = NO_BYTES } = message;
      const bytes = new Uint8Array(r.CONTROL_SIZE + rest.length);
      const fields = new DataView(bytes.buffer);
      fields.setUint32(0, port, true);
      fields.setUint16(4, event, true);
      fields.setUint16(6, value, true);
      bytes.set(rest, r.CONTROL_SIZE);
      queue.complete(request, request.write(0, bytes));
    }
  }
}
