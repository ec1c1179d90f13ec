import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import { CharPortToken } from '@vivarium/contracts';
import { type Cell, type CellOutcome, createInlineCell } from '@vivarium/host';
import { assemble, defaultPolicy, type GrantPolicy, type Machine } from '@vivarium/kernel';
import { storageHttp } from '@vivarium/storage-http';
import { faultProblem, problemOf } from '../problem.ts';
import type { BootRequest, Command, Ending, Report } from '../protocol.ts';
import { AgentChannel } from './agent-channel.ts';
import { download, findGuest } from './download.ts';
import { equipment } from './equipment.ts';
import { InputFeed } from './input-feed.ts';
import { OutputWindow } from './output-window.ts';
import { backgroundThreads } from './start-background-thread.ts';

/** Sends to the page; the buffers are given away with it. */
export type SendReport = (report: Report, transfer?: readonly ArrayBuffer[]) => void;

/** Most messages of the machine's parts that are shown: a guest can cause them. */
const MOST_NOTICES = 50;

/** The page's security policy keeps the disk to the web server that the page came from. */
const policy: GrantPolicy = {
  allows: (plugin, grant) =>
    defaultPolicy.allows(plugin, grant) || (plugin === storageHttp.name && grant === 'host-network'),
};

const endingOf = (outcome: CellOutcome): Ending =>
  outcome.kind === 'fault' ? { kind: 'fault', problem: faultProblem(outcome.fault) } : outcome;

/** One boot of the server's guest, from its download to its end. */
export class GuestMachine {
  readonly #send: SendReport;
  readonly #request: BootRequest;
  readonly #abortion = new AbortController();
  #size: Pick<BootRequest, 'columns' | 'rows'>;
  #cell: Cell | undefined;
  #output: OutputWindow | undefined;
  #input: InputFeed | undefined;
  #agent: AgentChannel | undefined;
  #notices = 0;

  constructor(request: BootRequest, send: SendReport) {
    this.#request = request;
    this.#size = request;
    this.#send = send;
  }

  /** Resolves when the machine has ended and is taken down; the page has been told how. */
  async run(): Promise<void> {
    try {
      this.#send({ kind: 'ended', ending: await this.#boot() });
    } catch (error) {
      if (this.#abortion.signal.aborted) this.#send({ kind: 'ended', ending: { kind: 'stopped' } });
      else this.#send({ kind: 'failed', problem: problemOf(error) });
    }
  }

  obey(command: Exclude<Command, { readonly kind: 'boot' }>): void {
    switch (command.kind) {
      case 'input':
        if (this.#input === undefined) this.#taken(command.bytes.length);
        else this.#input.push(command.bytes);
        return;
      case 'shown':
        this.#output?.shown(command.count);
        return;
      case 'resize':
        this.#size = command;
        this.#agent?.resize(command.columns, command.rows);
        return;
      case 'reset':
        this.#cell?.reset().catch(() => {}); // a failed reset ends the run, which says so
        return;
      case 'stop':
        this.#abortion.abort();
        this.#cell?.stop().catch(() => {}); // likewise
    }
  }

  async #boot(): Promise<Ending> {
    const { signal } = this.#abortion;
    const guest = await findGuest(this.#send, signal);
    const kernel = { name: 'debian kernel', bytes: await download('kernel', guest.kernel, this.#send, signal) };
    const initrd = { name: 'debian initrd', bytes: await download('initrd', guest.initrd, this.#send, signal) };
    this.#send({ kind: 'progress', message: 'Assembling the machine' });
    const console = pipeConsole('console');
    const agent = pipeConsole('agent');
    const { network } = this.#request;
    const words = network === undefined ? '' : ` ${network.words}`;
    const machine = await assemble(
      virtBoard({
        memory: this.#request.memory,
        boot: { kind: 'kernel', kernel, initrd, commandLine: guest.commandLine + words },
        consoles: [console, agent],
        ...equipment(this.#request, (fetched) => this.#send({ kind: 'fetched', ...fetched })),
      }),
      { policy },
    );
    const cell = createInlineCell(machine, backgroundThreads());
    try {
      this.#follow(machine);
      this.#connect(machine, console.id, agent.id);
      signal.throwIfAborted();
      this.#cell = cell;
      this.#send({ kind: 'running', release: guest.release });
      const outcome = await cell.run();
      await this.#output?.finish();
      return endingOf(outcome);
    } finally {
      this.#disconnect();
      await cell[Symbol.asyncDispose]();
    }
  }

  #connect(machine: Machine, console: string, agent: string): void {
    const port = machine.get(CharPortToken, console);
    this.#output = new OutputWindow(port, (bytes) => this.#send({ kind: 'output', bytes }, [bytes.buffer]));
    this.#input = new InputFeed(port, this.#taken);
    this.#agent = new AgentChannel(machine.get(CharPortToken, agent), this.#size.columns, this.#size.rows);
    machine.events.on('machine:reset', () => this.#agent?.reset());
  }

  #disconnect(): void {
    this.#cell = undefined;
    this.#output?.close();
    this.#input?.close();
    this.#agent?.close();
  }

  #follow(machine: Machine): void {
    machine.events.on('part:failure', ({ part, plugin, hook, error }) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#notice(`part ${part} (${plugin}) failed in ${hook}: ${reason}`);
    });
    machine.events.on('log', ({ part, level, message }) => {
      if (level === 'warn' || level === 'error') this.#notice(`${part}: ${message}`);
    });
  }

  #notice(message: string): void {
    this.#notices += 1;
    if (this.#notices <= MOST_NOTICES) this.#send({ kind: 'notice', message });
  }

  readonly #taken = (count: number): void => this.#send({ kind: 'taken', count });
}
