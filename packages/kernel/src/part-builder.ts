import {
  ClockToken,
  InterruptControllerToken,
  type InterruptLine,
  MachineMemoryToken,
  type Part,
  type PartSpec,
  type Token,
} from '@vivarium/contracts';
import type { Deadlines } from './deadline.ts';
import type { EventBus } from './event-bus.ts';
import type { FailureLog } from './failure-log.ts';
import { RevocableGrants } from './grant-handles.ts';
import { lineOf } from './interrupt-routes.ts';
import { LivePart } from './live-part.ts';
import type { CheckedPart, PartLinks } from './requirements.ts';
import type { MachineScope } from './scope.ts';
import { setupContext } from './setup-context.ts';

/** What parts are built from. */
export interface BuilderSources {
  readonly scope: MachineScope;
  readonly events: EventBus;
  readonly failures: FailureLog;
  readonly deadlines: Deadlines;
  readonly hostRoots: readonly string[];
}

/** Sets parts up, at assembly and later. */
export class PartBuilder {
  readonly #sources: BuilderSources;

  constructor(sources: BuilderSources) {
    this.#sources = sources;
  }

  /**
   * Sets a part up and offers what it provides. It is put into `built` before its setup is called, so that whoever has
   * that list takes it down whatever happens.
   */
  async setUp(part: CheckedPart, links: PartLinks | undefined, rank: number, built: LivePart[]): Promise<void> {
    const { spec, manifest, options } = part;
    const { failures, events, deadlines, hostRoots } = this.#sources;
    const scope = this.#sources.scope.forPart(links?.requires ?? []);
    const grants = new RevocableGrants({
      part: spec.id,
      plugin: manifest.name,
      grants: manifest.grants,
      memory: this.from(MachineMemoryToken, links?.memory),
      clock: this.from(ClockToken, links?.clock),
      lines: this.#lines(spec),
      hostRoots,
      timerFailed: (error) => failures.reportOnce(spec.id, 'timer', () => error),
    });
    const live = new LivePart(spec, manifest, { scope, grants }, deadlines);
    built.push(live);
    const context = setupContext({ id: spec.id, options, manifest, scope, grants, events });
    const made = await live.run(
      'setup',
      () => manifest.setup(context),
      (late) => void this.#disposeLate(live, late),
    );
    for (const { token, value } of live.adopt(made)) this.#sources.scope.offer(spec.id, rank, token, value);
  }

  /** What part `part` offers under a token. */
  from<T>(token: Token<T>, part: string | undefined): T | undefined {
    return part === undefined ? undefined : (this.#sources.scope.offered(token, part)[0]?.value as T | undefined);
  }

  /** A part that comes after the deadline of its setup belongs to no machine; it still gets its one dispose. */
  async #disposeLate(live: LivePart, part: Part): Promise<void> {
    try {
      await live.run('dispose', () => part?.dispose?.());
    } catch (error) {
      this.#sources.failures.report(live.spec.id, 'dispose', error);
    }
  }

  #lines(spec: PartSpec): ReadonlyMap<string, InterruptLine> {
    return new Map(
      Object.entries(spec.interrupts ?? {}).map(([name, { controller, line }]) => [
        name,
        lineOf({ part: spec.id, name, controller, line }, this.from(InterruptControllerToken, controller)),
      ]),
    );
  }
}
