import { chmod, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { availableParallelism, totalmem, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { SchedulerFactory } from '@vivarium/contracts';
import { type Control, createControl, type MachineRecord, pastOf, type Template } from '@vivarium/control';
import { auditFile, fileStore } from '@vivarium/control/node';
import { createHost, Dispatcher, ResourceControl } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { createShares } from '@vivarium/policy-shares';
import { createSupervision } from '@vivarium/policy-supervision';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { clearSocket, holdFile } from './access/claim.ts';
import { makeOwnFolder } from './access/folder.ts';
import { ownerGuard, tokenGuard } from './access/guard.ts';
import { readTokens } from './access/tokens.ts';
import { errors } from './errors.ts';
import { ControlServer, type ControlServerOptions } from './http/control-server.ts';
import type { ServerLimits } from './limits.ts';
import { RequestCounts } from './metrics.ts';

/** A way in over TCP, on the loopback alone. */
export interface TcpOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 is any that is free. */
  readonly port: number;
  /** File of tokens. */
  readonly tokens: string;
  /** Origins of web pages that may ask, such as `http://localhost:8080`. Default: none. */
  readonly origins?: readonly string[];
}

export interface DaemonOptions {
  /** Path of the Unix socket, in a folder of this user's own. */
  readonly socket: string;
  /** Folder for records of machines, their cells and the audit log. */
  readonly state: string;
  /** What machines can be made of, by name. */
  readonly templates: Readonly<Record<string, Template>>;
  readonly tcp?: TcpOptions;
  /** Default: as many as this computer has. */
  readonly pcpus?: number;
  /** Bytes for guests. Default: three quarters of this computer's. */
  readonly memory?: number;
  /** Default: EEVDF. */
  readonly scheduler?: SchedulerFactory;
  readonly limits?: Partial<ServerLimits>;
  /** Of the program that this is. */
  readonly version?: string;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

/** A daemon that listens. Disposing of it is leaving. */
export interface Daemon extends AsyncDisposable {
  readonly control: Control;
  readonly socket: string;
  /** Where it listens over TCP. */
  readonly url: string | undefined;
  /** Lets callers go, and leaves the machines to the next daemon. */
  leave(): Promise<void>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const USER_ONLY = 0o600;
const MOST_PCPUS = 256;

/** What has to be undone, last thing first. */
class Undoing {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async all(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

/** Starts a daemon. Rejects with coded errors, and leaves nothing behind then. */
export const startDaemon = async (options: DaemonOptions): Promise<Daemon> => {
  const undoing = new Undoing();
  try {
    return await start(options, undoing);
  } catch (error) {
    await undoing.all();
    throw error;
  }
};

const start = async (options: DaemonOptions, undoing: Undoing): Promise<Daemon> => {
  const { socket, state, tcp, version = '', onTrouble = () => {} } = options;
  const tokens = tcp === undefined ? undefined : await readTokens(tcp.tokens);
  if (tcp?.host !== undefined && !LOOPBACK.test(tcp.host)) {
    throw errors.make('VIV_DAEMON_LISTEN', `${tcp.host} is not the loopback, and what goes over TCP is not encrypted`);
  }
  await makeOwnFolder(state);
  await makeOwnFolder(dirname(socket));
  for (const [path, what] of [
    [join(state, 'lock'), `the folder ${state}`],
    [`${socket}.lock`, `the socket ${socket}`],
  ] as const) {
    const held = holdFile(path, what);
    undoing.add(() => held.release());
  }
  await clearSocket(socket);

  const control = await compose(options, undoing);
  const counts = new RequestCounts();
  const servers: { readonly via: string; readonly server: ControlServer }[] = [];
  const serve = (guard: ControlServerOptions['guard']): ControlServer => {
    const connections = () => Object.fromEntries(servers.map(({ via, server: { open } }) => [via, open]));
    const server = new ControlServer({
      control,
      guard,
      counts,
      connections,
      version,
      onTrouble,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    servers.push({ via: guard.via, server });
    undoing.add(() => server.close());
    return server;
  };

  await serve(ownerGuard(userInfo().username)).listen({ path: socket });
  undoing.add(() => rm(socket, { force: true }));
  await chmod(socket, USER_ONLY);
  let url: string | undefined;
  if (tcp !== undefined && tokens !== undefined) {
    const { host = '127.0.0.1', port } = tcp;
    const address = (await serve(tokenGuard(tokens, tcp.origins ?? [])).listen({ host, port })) as AddressInfo;
    url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }
  const leave = (): Promise<void> => undoing.all();
  return { control, socket, url, leave, [Symbol.asyncDispose]: leave };
};

/** The host, its pCPUs and its control plane, with the machines that the daemon before this one has left. */
const compose = async (options: DaemonOptions, undoing: Undoing): Promise<Control> => {
  const { state, templates, version = '', onTrouble = () => {} } = options;
  const { pcpus = availableParallelism(), memory = Math.floor(totalmem() * 0.75) } = options;
  if (!Number.isInteger(pcpus) || pcpus < 1 || pcpus > MOST_PCPUS) {
    throw errors.make('VIV_DAEMON_PCPUS', `a host has 1 to ${MOST_PCPUS} pCPUs, not ${pcpus}`);
  }
  const records = new Map<string, MachineRecord>();
  const dispatcher = new Dispatcher({
    scheduler: options.scheduler ?? { name: 'eevdf', create: () => new Eevdf() },
    pcpus,
    onTrouble: (trouble) => onTrouble('guest' in trouble ? trouble.guest : 'scheduler', trouble),
  });
  const resources = new ResourceControl({ policy: createShares(), dispatcher, memory });
  const host = createHost({
    kinds: [processCells({ folder: join(state, 'cells'), outlive: true })],
    supervision: createSupervision({ restart: 'never' }),
    past: (name) => {
      const record = records.get(name);
      return record === undefined ? undefined : pastOf(record);
    },
  });
  const control = createControl({
    host,
    templates,
    cell: 'process',
    dispatcher,
    resources,
    store: await fileStore(join(state, 'machines')),
    records,
    audit: await auditFile(join(state, 'audit.jsonl'), { onTrouble: (error) => onTrouble('audit', error) }),
    version,
    onTrouble,
  });
  undoing.add(() => control.leave());
  await makeOwnFolder(join(state, 'cells'));
  await control.recover();
  undoing.add(resources.keepUpdated((error) => onTrouble('shares', error)));
  return control;
};
