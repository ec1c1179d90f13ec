import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLog, type Control, createControl, memoryAudit, type Problem, type Role } from '@vivarium/control';
import { ControlServer, type ControlServerOptions, ownerGuard, tokenGuard, Tokens } from '@vivarium/daemon';
import { type CellKind, createHost, portChannel } from '@vivarium/host';
import { WebSocket } from 'ws';

const STATS = { instructions: 5, slices: 0, idleMilliseconds: 0, wallMilliseconds: 0 };
const FACTS = {
  architecture: 'test',
  vcpus: 1,
  memory: 1 << 20,
  consoles: ['console0'],
  canPowerOff: true,
  hardware: { vcpus: 1, memory: 1 << 20, slots: 0, devices: [] },
};

interface Message {
  readonly kind: string;
  readonly id?: number;
  readonly console?: string;
  readonly bytes?: Uint8Array;
}

/** Cells without a machine: their consoles send back what they are sent, in capitals. */
const echoCells = (): CellKind => ({
  name: 'echo',
  launch: async () => {
    const { port1, port2 } = new MessageChannel();
    let died = (): void => {};
    port2.onmessage = ({ data: { kind, id, console, bytes } }: MessageEvent<Message>) => {
      if (kind === 'create') port2.postMessage({ kind: 'answer', id, facts: FACTS });
      else if (kind === 'input') {
        port2.postMessage({ kind: 'taken', console, count: bytes?.length });
        const text = new TextDecoder().decode(bytes).toUpperCase();
        port2.postMessage({ kind: 'output', console, bytes: new TextEncoder().encode(text), lost: 0 });
      } else if (id !== undefined) port2.postMessage({ kind: 'answer', id, stats: STATS });
    };
    port2.postMessage({ kind: 'hello', protocol: 2, state: 'empty' });
    return {
      channel: portChannel(port1),
      died: new Promise((resolve) => {
        died = () => resolve(undefined);
      }),
      kill: async () => died(),
      clean: async () => port1.close(),
    };
  },
});

export const TOKENS = {
  viewer: 'v'.repeat(32),
  operator: 'o'.repeat(32),
  admin: 'a'.repeat(32),
} as const satisfies Record<Role, string>;

export interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>> & Partial<Problem>;
}

export interface Ask {
  readonly body?: unknown;
  /** As it is, in place of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came over a WebSocket until it closed. */
export class Heard {
  readonly socket: WebSocket;
  readonly notes: Readonly<Record<string, unknown>>[] = [];
  readonly closed: Promise<number>;
  bytes = '';

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, binary) => {
      if (binary) this.bytes += `${data[0]}:${data.subarray(1).toString()}`;
      else this.notes.push(JSON.parse(data.toString()) as Record<string, unknown>);
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => resolve(code));
    });
  }

  async opened(): Promise<this> {
    await new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    return this;
  }

  /** Resolves once `held` is true of what was heard. */
  async until(held: (heard: this) => boolean): Promise<void> {
    while (!held(this)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A control plane behind a server, on a Unix socket or on TCP with a token for each role. */
export class World implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'viv-daemon-'));
  readonly host = createHost({ kinds: [echoCells()] });
  readonly audit: AuditLog = memoryAudit();
  readonly control: Control;
  readonly server: ControlServer;
  readonly troubles: unknown[] = [];
  readonly #tcp: boolean;
  port = 0;

  constructor(
    way: 'unix' | 'tcp' = 'unix',
    options: Partial<ControlServerOptions> = {},
    origins: readonly string[] = [],
  ) {
    this.#tcp = way === 'tcp';
    this.control = createControl({
      host: this.host,
      templates: { plain: (given) => ({ recipe: { module: 'test:none', options: given } }) },
      cell: 'echo',
      audit: this.audit,
    });
    const tokens = new Tokens(
      Object.entries(TOKENS).map(([role, token]) => ({ name: role, role: role as Role, token })),
    );
    this.server = new ControlServer({
      control: this.control,
      guard: this.#tcp ? tokenGuard(tokens, origins) : ownerGuard('owner'),
      version: '1.2.3',
      onTrouble: (_, error) => this.troubles.push(error),
      ...options,
    });
  }

  async listen(): Promise<this> {
    const address = await this.server.listen(this.#tcp ? { host: '127.0.0.1', port: 0 } : { path: this.socket });
    if (this.#tcp) this.port = (address as AddressInfo).port;
    return this;
  }

  get socket(): string {
    return join(this.folder, 'control.sock');
  }

  /** Where to connect to, for `net.connect` and `http.request`. */
  get at(): { readonly path: string } | { readonly host: string; readonly port: number } {
    return this.#tcp ? { host: '127.0.0.1', port: this.port } : { path: this.socket };
  }

  ask(method: string, path: string, { body, raw, headers = {} }: Ask = {}): Promise<Reply> {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          ...(this.#tcp ? { host: '127.0.0.1', port: this.port } : { socketPath: this.socket }),
          agent: false,
          method,
          path,
          headers: { ...(content === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => {
            text += piece.toString();
          });
          response.once('end', () => {
            const isJson = String(response.headers['content-type']).includes('json');
            const json = isJson ? (JSON.parse(text) as Reply['json']) : {};
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
          });
        },
      );
      asked.once('error', reject);
      asked.end(content);
    });
  }

  as(role: Role, method: string, path: string, options: Ask = {}): Promise<Reply> {
    const headers = { authorization: `Bearer ${TOKENS[role]}`, ...options.headers };
    return this.ask(method, path, { ...options, headers });
  }

  /** A WebSocket to a stream. */
  stream(path: string, protocols: string[] = ['vivarium.v1']): Heard {
    const url = this.#tcp ? `ws://127.0.0.1:${this.port}${path}` : `ws+unix:${this.socket}:${path}`;
    return new Heard(new WebSocket(url, protocols));
  }

  /** A machine that runs. */
  async machine(name = 'web'): Promise<void> {
    await this.control.call({ name: 'test', role: 'admin', via: 'process' }, 'create', {
      name,
      template: 'plain',
      start: true,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.host[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
