import { MachineMemoryToken, MemoryBalloonToken } from '@vivarium/contracts';
import type { Made } from '../cells/recipe-load.ts';
import { errors } from '../errors.ts';
import { BalloonTarget } from './balloon-target.ts';
import type { HardwareChange, HardwareView } from './change.ts';
import { MemoryChange } from './memory-change.ts';
import { DeviceBay } from './device-bay.ts';
import { Patience } from './patience.ts';
import { VcpuChange } from './vcpu-change.ts';

type State = 'created' | 'running' | 'paused' | 'ended';

/** What can be changed of a machine in its cell while it runs. */
export class CellHardware {
  /** What its balloon is asked for, where it has one. */
  readonly balloon: BalloonTarget | undefined;
  readonly #state: () => State;
  readonly #memory: MemoryChange;
  readonly #vcpus: VcpuChange;
  readonly #bay: DeviceBay;
  readonly #waits = new Set<Patience>();
  /** By what is changed: one change after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(made: Made, state: () => State) {
    const { machine, parts } = made;
    this.#state = state;
    const { size } = machine.get(MachineMemoryToken);
    const balloon = machine.parts.find(({ provides }) => provides.includes(MemoryBalloonToken.id));
    this.balloon = balloon && new BalloonTarget(machine.get(MemoryBalloonToken, balloon.id));
    this.#memory = new MemoryChange(this.balloon, size);
    this.#vcpus = new VcpuChange(machine, parts.hardware);
    this.#bay = new DeviceBay(made);
  }

  get view(): HardwareView {
    return { vcpus: this.#vcpus.count, memory: this.#memory.bytes, ...this.#bay.view };
  }

  /** Resolves when the guest has done its part. Throws coded errors, and then all is as it was. */
  change(change: HardwareChange): Promise<void> {
    if (change.do === 'attach' || change.do === 'detach') return this.#patiently(change);
    const before = this.#turns.get(change.do) ?? Promise.resolve();
    const result = before.then(() => this.#patiently(change));
    this.#turns.set(
      change.do,
      result.catch(() => {}), // whoever asked has heard
    );
    return result;
  }

  /** Nobody waits for the guest any more. */
  close(): void {
    const reason = errors.make('VIV_CELL_ENDED', 'the machine ended before its guest had done its part');
    for (const wait of this.#waits) wait.callOff(reason);
  }

  /** The machine is disposed of. */
  dispose(): Promise<void> {
    return this.#bay.close();
  }

  /** A guest that has not started is not waited for; one that stands still cannot do anything. */
  async #patiently(change: HardwareChange): Promise<void> {
    const state = this.#state();
    const forced = change.do === 'detach' && change.force;
    if (state === 'created' || (forced && state !== 'ended')) return this.#do(change, undefined);
    if (state !== 'running')
      throw errors.make('VIV_CELL_STATE', `the machine is ${state}, its guest cannot do its part`);
    using patience = new Patience(change.timeout, () =>
      errors.make('VIV_CELL_GUEST', `the guest did not follow a change (${change.do}) in ${change.timeout} ms`),
    );
    this.#waits.add(patience);
    try {
      await this.#do(change, patience);
    } finally {
      this.#waits.delete(patience);
    }
    return undefined;
  }

  #do(change: HardwareChange, patience: Patience | undefined): Promise<void> {
    switch (change.do) {
      case 'memory':
        return this.#memory.set(change.bytes, patience);
      case 'vcpus':
        return this.#vcpus.set(change.count, patience);
      case 'attach':
        return this.#bay.attach(change.device.name, change.device.options, patience);
      case 'detach':
        return change.force ? this.#bay.tearOut(change.name) : this.#bay.detach(change.name, patience);
    }
  }
}
