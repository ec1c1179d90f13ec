import {
  type AnyToken,
  type Binding,
  type Device,
  DeviceToken,
  type InterruptLine,
  isVivariumError,
  type PartSpec,
} from '@vivarium/contracts';
import { type Deadlines, EXPIRED, type Hook, within } from './deadline.ts';
import { errors } from './errors.ts';
import type { RevocableGrants } from './grant-handles.ts';
import type { Manifest } from './manifest.ts';
import { checkDevice } from './placement.ts';
import type { PartScope } from './scope.ts';
import { isRecord, quote } from './spec.ts';

type LaterHook = Exclude<Hook, 'setup'>;

const LATER_HOOKS: readonly LaterHook[] = ['wire', 'start', 'pause', 'resume', 'reset', 'stop', 'dispose'];

/** What a part has from its machine. */
export interface PartResources {
  readonly scope: PartScope;
  readonly grants: RevocableGrants;
}

/** A part from the moment its setup is called until it is disposed. */
export class LivePart {
  readonly spec: PartSpec;
  readonly manifest: Manifest;
  /** True from the end of its start hook until its stop hook is called. */
  started = false;
  readonly #resources: PartResources;
  readonly #deadlines: Deadlines;
  readonly #hooks = new Map<LaterHook, () => unknown>();
  #devices: readonly Device[] = [];

  constructor(spec: PartSpec, manifest: Manifest, resources: PartResources, deadlines: Deadlines) {
    this.spec = spec;
    this.manifest = manifest;
    this.#resources = resources;
    this.#deadlines = deadlines;
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  /**
   * Runs `act` as hook `hook` of this part. Throws `VIV_PLUGIN_HOOK_FAILED` and `VIV_PLUGIN_HOOK_TIMEOUT`; a value
   * that comes after the deadline goes to `late`.
   */
  async run<T>(hook: Hook, act: () => T | Promise<T>, late?: (value: T) => void): Promise<T> {
    const { name, version } = this.manifest;
    const who = `part "${this.spec.id}" (${name}@${version})`;
    const details = { part: this.spec.id, plugin: name, hook };
    const deadline = this.#deadlines[hook];
    let result: T | typeof EXPIRED;
    try {
      result = await within(deadline, act, late);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw errors.make('VIV_PLUGIN_HOOK_FAILED', `${who} failed in ${hook}: ${why}`, {
        cause,
        details,
        // What the plugin's own error advises is closer to the matter.
        ...(isVivariumError(cause) && cause.hint !== undefined ? { hint: cause.hint } : {}),
      });
    }
    if (result !== EXPIRED) return result;
    throw errors.make('VIV_PLUGIN_HOOK_TIMEOUT', `${who} did not finish ${hook} within ${deadline} ms`, { details });
  }

  /** Calls one of the hooks that setup returned, if it did. */
  async call(hook: LaterHook): Promise<void> {
    const act = this.#hooks.get(hook);
    if (act !== undefined) await this.run(hook, act);
  }

  /**
   * Takes what setup returned and gives back its bindings. The dispose hook is taken first, so that a part which is
   * refused here is still disposed. Throws `VIV_PLUGIN_PART`, `VIV_PLUGIN_PROVIDES` and `VIV_DEVICE_REGION`.
   */
  adopt(part: unknown): readonly Binding[] {
    if (!isRecord(part)) throw this.#refusePart(`setup returned ${quote(part)}`);
    for (const hook of LATER_HOOKS.toReversed()) {
      const act = part[hook];
      if (act === undefined) continue;
      if (typeof act !== 'function') throw this.#refusePart(`${hook} is ${quote(act)}, not a function`);
      this.#hooks.set(hook, () => act.call(part));
    }
    const bindings = this.#readBindings(part['provides']);
    this.#devices = bindings
      .filter(({ token }) => token.id === DeviceToken.id)
      .map(({ value }) => checkDevice(this.spec.id, value));
    return bindings;
  }

  /** Wires an interrupt that the spec left open. */
  connect(interrupt: string, line: InterruptLine): void {
    this.#resources.grants.connect(interrupt, line);
  }

  /** Takes back everything the part was given. */
  revoke(): void {
    this.#resources.grants.revoke();
    this.#resources.scope.dispose();
  }

  #readBindings(provides: unknown): readonly Binding[] {
    if (provides !== undefined && !Array.isArray(provides)) throw this.#refusePart('provides is not a list');
    const declared = new Map<string, AnyToken>(this.manifest.provides.map((token) => [token.id, token]));
    const bindings: Binding[] = [];
    for (const entry of (provides ?? []) as readonly unknown[]) {
      if (!isRecord(entry) || !isRecord(entry['token']))
        throw this.#refusePart('provides holds what bind() did not make');
      const { id } = entry['token'];
      const token = typeof id === 'string' ? declared.get(id) : undefined;
      if (token === undefined) throw this.#refuseProvides(`provides ${quote(id)}, which its manifest does not declare`);
      const { value } = entry;
      if (value === undefined || value === null) throw this.#refuseProvides(`provides no value for ${token.id}`);
      if (token.id !== DeviceToken.id && bindings.some((other) => other.token.id === token.id)) {
        throw this.#refuseProvides(`provides ${token.id} twice`);
      }
      bindings.push({ token, value });
    }
    const missing = this.manifest.provides.find(({ id }) => !bindings.some(({ token }) => token.id === id));
    if (missing !== undefined) throw this.#refuseProvides(`declares ${missing.id}, but setup does not provide it`);
    return bindings;
  }

  #refusePart(problem: string): Error {
    return this.#refuse('VIV_PLUGIN_PART', problem);
  }

  #refuseProvides(problem: string): Error {
    return this.#refuse('VIV_PLUGIN_PROVIDES', problem);
  }

  #refuse(code: 'VIV_PLUGIN_PART' | 'VIV_PLUGIN_PROVIDES', problem: string): Error {
    const details = { part: this.spec.id, plugin: this.manifest.name };
    return errors.make(code, `part "${this.spec.id}" (${this.manifest.name}): ${problem}`, { details });
  }
}
