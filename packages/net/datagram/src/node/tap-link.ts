import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { DatagramLink } from '../datagram-link.ts';
import { errors } from '../errors.ts';
import { freePort } from './free-port.ts';
import { openUdpLink, type UdpLink } from './udp-link.ts';

/** Options of {@link openTapLink}. */
export interface TapOptions {
  /** Of the interface; made when it is not there, which takes root, and gone with the link then. */
  readonly name: string;
}

/** A link to a TAP interface of the host. */
export interface TapLink extends DatagramLink, AsyncDisposable {
  readonly name: string;
  close(): Promise<void>;
}

const NAME = /^[A-Za-z0-9_.-]{1,15}$/;
/** A datagram of UDP is shorter. */
const LARGEST = 65_600;
/** Milliseconds in which the interface must be there. */
const PATIENCE = 5000;
const STEP = 20;
const STDERR_LIMIT = 4096;

const refuse = (name: string, why: string, cause?: unknown): Error =>
  errors.make('VIV_DATAGRAM_TAP', `interface ${name}: ${why}`, { cause, details: { name } });

/**
 * Opens a TAP interface of Linux. Node has no call for it, so the program `socat` holds it, and passes frames on as
 * datagrams between two connected sockets of the loopback. Rejects with `VIV_DATAGRAM_TAP`.
 */
export const openTapLink = async ({ name }: TapOptions): Promise<TapLink> => {
  if (!NAME.test(name)) throw refuse(JSON.stringify(name), 'a name has 1 to 15 letters, digits, dots, - and _');
  const theirs = await freePort();
  const link = await openUdpLink({ local: { port: 0 }, remote: { port: theirs } });
  const privileged = process.getuid?.() === 0;
  const socat = spawn(
    'socat',
    [
      ...['-b', `${LARGEST}`, `UDP4:127.0.0.1:${link.port},bind=127.0.0.1:${theirs}`],
      `TUN,tun-type=tap,tun-name=${name},iff-no-pi${privileged ? ',iff-up' : ''}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
  );
  const tap = new SocatTap(name, link, socat);
  try {
    await tap.ready();
    return tap;
  } catch (error) {
    await tap.close();
    throw error;
  }
};

class SocatTap implements TapLink {
  readonly name: string;
  readonly #link: UdpLink;
  readonly #socat: ChildProcess;
  #ended: string | undefined;

  constructor(name: string, link: UdpLink, socat: ChildProcess) {
    this.name = name;
    this.#link = link;
    this.#socat = socat;
    let said = '';
    socat.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-STDERR_LIMIT);
    });
    socat.on('error', (error) => {
      this.#ended = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'socat is not installed' : error.message;
    });
    socat.on('close', (code) => {
      this.#ended ??= said.trim() === '' ? `socat ended with code ${code}` : said.trim();
    });
  }

  async ready(): Promise<void> {
    for (let waited = 0; waited < PATIENCE; waited += STEP) {
      await new Promise((resolve) => setTimeout(resolve, STEP));
      if (this.#ended !== undefined) throw refuse(this.name, this.#ended);
      // Carried by somebody: an interface that was there before has no carrier until socat holds it.
      if (existsSync(`/sys/class/net/${this.name}/tun_flags`) && this.#holds()) return;
    }
    throw refuse(this.name, `it was not there after ${PATIENCE / 1000} s`);
  }

  send(bytes: Uint8Array, done: () => void): void {
    this.#link.send(bytes, done);
  }

  listen(listener: ((bytes: Uint8Array) => void) | undefined): void {
    this.#link.listen(listener);
  }

  async close(): Promise<void> {
    if (this.#ended === undefined) {
      const closed = once(this.#socat, 'close');
      this.#socat.kill();
      await closed;
    }
    await this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The process has not ended in the meantime. */
  #holds(): boolean {
    return this.#socat.exitCode === null && this.#socat.signalCode === null;
  }
}
