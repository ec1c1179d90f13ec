import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { main } from '@vivarium/cli';
import { type Client, connect } from '@vivarium/client/node';
import { Scratch, start } from './viv.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `viv` with its streams in this process; its input ends when it is told to. */
export class VivHere {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly done: Promise<Said>;
  #out = '';
  #err = '';

  constructor(args: readonly string[]) {
    this.stdout.on('data', (piece: Buffer) => {
      this.#out += piece.toString();
    });
    this.stderr.on('data', (piece: Buffer) => {
      this.#err += piece.toString();
    });
    this.done = main(args, this).then((code) => ({ code, stdout: this.#out, stderr: this.#err }));
  }

  /** Resolves once standard output has this. */
  async shows(text: string): Promise<void> {
    while (!this.#out.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A daemon in a process of its own, to be asked by `viv`, and killed. */
export class TestDaemon implements AsyncDisposable {
  readonly scratch = new Scratch();
  readonly #options: (scratch: Scratch) => readonly string[];
  #child: ChildProcess | undefined;
  /** Lines that it said it listens at. */
  listens: readonly string[] = [];

  constructor(options: (scratch: Scratch) => readonly string[] = () => []) {
    this.#options = options;
  }

  get socket(): string {
    return join(this.scratch.path, 'run', 's');
  }

  get state(): string {
    return join(this.scratch.path, 'state');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get client(): Client {
    return connect({ socket: this.socket });
  }

  get cells(): readonly string[] {
    return readdirSync(join(this.state, 'cells'));
  }

  async start(): Promise<this> {
    const own = this.#options(this.scratch);
    const child = start('daemon', '--socket', this.socket, '--state', this.state, '--pcpus', '2', ...own);
    let said = '';
    let wrong = '';
    child.stderr?.on('data', (piece: Buffer) => {
      wrong += piece.toString();
    });
    while (!said.endsWith('\n')) {
      const [piece] = (await Promise.race([
        once(child.stdout ?? new PassThrough(), 'data'),
        once(child, 'exit').then(() => {
          throw new Error(`the daemon does not start: ${wrong}`);
        }),
      ])) as [Buffer];
      said += piece.toString();
    }
    this.listens = said.trim().split('\n');
    this.#child = child;
    return this;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#child = undefined;
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  /** A `viv` command that is under way. */
  begin(command: string, ...args: readonly string[]): VivHere {
    return new VivHere([command, '--socket', this.socket, ...args]);
  }

  viv(command: string, ...args: readonly string[]): Promise<Said> {
    return this.begin(command, ...args).done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === undefined) await this.start();
    for (const { name } of (await this.client.call('list', {})).machines) await this.client.call('destroy', { name });
    await this.end('SIGTERM');
    this.scratch.remove();
  }
}
