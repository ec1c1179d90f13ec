import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, type DebianGuest, execOverlay } from '../src/index.ts';

/** Text that arrives bit by bit, and a way to wait for some of it. */
class Transcript {
  #text = '';
  #seen = 0;
  #wake: (() => void) | undefined;
  #ended = false;

  add(text: string): void {
    this.#text += text;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  get all(): string {
    return this.#text;
  }

  /** Waits until `pattern` appears after what was waited for before. */
  async expect(pattern: string): Promise<void> {
    for (;;) {
      const at = this.#text.indexOf(pattern, this.#seen);
      if (at >= 0) {
        this.#seen = at + pattern.length;
        return;
      }
      if (this.#ended)
        throw new Error(`the guest ended without ${JSON.stringify(pattern)}:\n${this.#text.slice(this.#seen)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * The guest in QEMU's machine `virt` with 256 MiB. That machine has one UART, so the ports ttyS1 to ttyS3 are PCI serial
 * cards: the agent channel on a socket, the two outputs in files.
 */
export class QemuGuest {
  readonly console = new Transcript();
  readonly agent = new Transcript();
  readonly ended: Promise<number | null>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'viv-qemu-'));
  readonly #child: ChildProcess;
  readonly #server: Server;
  #socket: Socket | undefined;

  constructor(guest: DebianGuest, command?: string) {
    const path = (name: string) => join(this.#folder, name);
    const overlay = command === undefined ? new Uint8Array(0) : execOverlay(command);
    writeFileSync(path('initrd'), Buffer.concat([readFileSync(guest.initrd), overlay]));
    this.#server = createServer((socket) => {
      this.#socket = socket;
      socket.setEncoding('latin1').on('data', (text: string) => this.agent.add(text));
    }).listen(path('agent'));
    const ports = ['socket,path=' + path('agent'), 'file,path=' + path('out'), 'file,path=' + path('err')];
    this.#child = spawn(
      'qemu-system-riscv64',
      [
        ...['-M', 'virt', '-m', '256', '-display', 'none', '-monitor', 'none', '-no-reboot'],
        ...['-kernel', guest.kernel, '-initrd', path('initrd')],
        ...['-append', commandLine({ interactive: command === undefined })],
        ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
        ...ports.flatMap((port, index) => [
          '-chardev',
          `${port},id=p${index}`,
          '-device',
          `pci-serial,chardev=p${index}`,
        ]),
        ...['-netdev', 'user,id=net', '-device', 'virtio-net-device,netdev=net', '-device', 'virtio-rng-device'],
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.console.add(text));
    this.#child.on('close', () => {
      this.console.end();
      this.agent.end();
    });
    this.ended = new Promise((resolve, reject) => this.#child.on('error', reject).on('close', resolve));
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  tell(line: string): void {
    this.#socket?.write(`${line}\n`);
  }

  /** What the command wrote: standard output, standard error. */
  output(): readonly [string, string] {
    return [readFileSync(join(this.#folder, 'out'), 'utf8'), readFileSync(join(this.#folder, 'err'), 'utf8')];
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
