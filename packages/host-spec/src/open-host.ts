import { availableParallelism, totalmem } from 'node:os';
import type { SchedulerFactory } from '@vivarium/contracts';
import {
  type AuditLog,
  type Control,
  createControl,
  type MachineView,
  type Principal,
  type Template,
} from '@vivarium/control';
import { createHost, Dispatcher, type Host, ResourceControl } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { createShares } from '@vivarium/policy-shares';
import { createSupervision } from '@vivarium/policy-supervision';
import type { HostSpec } from './host-spec.ts';

export interface OpenHostOptions {
  readonly spec: HostSpec;
  /** What relative paths of guests are seen from. */
  readonly folder: string;
  /** Makes machines of `{ arguments, folder }`: `runTemplate()` of @vivarium/cli/template. */
  readonly template: Template;
  readonly scheduler: SchedulerFactory;
  /** Default: in memory. */
  readonly audit?: AuditLog;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

/** A host with the guests of a spec. Disposing of it ends those that still run, whatever they do. */
export interface SpecHost extends AsyncDisposable {
  readonly host: Host;
  readonly control: Control;
  /** Makes all guests in their order, and starts those that start by themselves. */
  bringUp(made?: (guest: MachineView) => void): Promise<void>;
  /** Powers off whatever runs, last one first: each is asked, and ended after `grace` milliseconds. */
  powerOff(grace?: number): Promise<void>;
}

/** Who this program is to its own control plane. */
const OWNER: Principal = { name: 'owner', role: 'admin', via: 'process' };
const TEMPLATE = 'run';

class RunningHost implements SpecHost {
  readonly host: Host;
  readonly control: Control;
  readonly #options: OpenHostOptions;
  /** Ends the looks at what guests want. */
  readonly #rest: () => void;

  constructor(options: OpenHostOptions) {
    const { spec, scheduler, template, audit, onTrouble = () => {} } = options;
    this.#options = options;
    const dispatcher = new Dispatcher({
      scheduler,
      pcpus: spec.pcpus ?? availableParallelism(),
      onTrouble: (trouble) => onTrouble('guest' in trouble ? trouble.guest : 'scheduler', trouble),
    });
    const memory = spec.memory === undefined ? Math.floor(totalmem() * 0.75) : spec.memory * 2 ** 20;
    const resources = new ResourceControl({ policy: createShares(), dispatcher, memory });
    this.host = createHost({
      kinds: [processCells()],
      supervision: createSupervision({ restart: 'never' }),
      limits: { memory },
    });
    this.control = createControl({
      host: this.host,
      templates: { [TEMPLATE]: template },
      cell: 'process',
      dispatcher,
      resources,
      onTrouble,
      ...(audit === undefined ? {} : { audit }),
    });
    this.#rest = resources.keepUpdated((error) => onTrouble('shares', error));
  }

  async bringUp(made: (guest: MachineView) => void = () => {}): Promise<void> {
    for (const { run, autostart, ...guest } of this.#options.spec.guests) {
      const options = { arguments: run, folder: this.#options.folder };
      made(await this.control.call(OWNER, 'create', { ...guest, template: TEMPLATE, options, start: autostart }));
    }
  }

  async powerOff(grace?: number): Promise<void> {
    const { machines } = await this.control.call(OWNER, 'list', {});
    for (const { name } of machines.toReversed()) {
      try {
        const { status } = await this.control.call(OWNER, 'inspect', { name });
        if (status === 'created' || status === 'ended') continue;
        // One that stands still would not hear that it is to power off.
        if (status === 'paused') await this.control.call(OWNER, 'resume', { name });
        await this.control.call(OWNER, 'stop', { name, ...(grace === undefined ? {} : { grace }) });
      } catch (error) {
        // The others are to power off all the same; this one ends with its host.
        this.#options.onTrouble?.(name, error);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rest();
    await this.control.leave();
    await this.host[Symbol.asyncDispose]();
  }
}

/** Makes a host; its guests come with `bringUp`. */
export const openHost = async (options: OpenHostOptions): Promise<SpecHost> => {
  const host = new RunningHost(options);
  await host.control.recover();
  return host;
};
