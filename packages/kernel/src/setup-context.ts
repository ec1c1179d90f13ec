import type { AnyToken, EventSink, GrantHandles, Logger, Requirement, SetupContext, Token } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { PartScope } from './scope.ts';

/** What a part's setup is given. */
export class PartContext implements SetupContext<unknown> {
  readonly id: string;
  readonly options: unknown;
  readonly grants: GrantHandles;
  readonly log: Logger;
  readonly events: EventSink;
  readonly #manifest: Manifest;
  readonly #scope: PartScope;

  constructor(
    id: string,
    options: unknown,
    manifest: Manifest,
    scope: PartScope,
    grants: GrantHandles,
    events: EventSink,
  ) {
    this.id = id;
    this.options = options;
    this.grants = grants;
    this.#manifest = manifest;
    this.#scope = scope;
    // A part that was disposed has no voice any more.
    this.events = {
      emit: (name, event) => {
        if (!scope.disposed) events.emit(name, event);
      },
    };
    this.log = partLogger(id, this.events);
  }

  get<T>(token: Token<T>): T {
    this.#declared(token, ['one']);
    return this.#one(token) as T;
  }

  maybe<T>(token: Token<T>): T | undefined {
    this.#declared(token, ['optional', 'one']);
    return this.#one(token) as T | undefined;
  }

  all<T>(token: Token<T>): readonly T[] {
    this.#declared(token, ['all']);
    return this.#scope.values(token) as readonly T[];
  }

  #one(token: AnyToken): unknown {
    const values = this.#scope.values(token);
    if (values.length <= 1) return values[0];
    throw errors.make('VIV_TOKEN_AMBIGUOUS', `the provider of ${token.id} for part "${this.id}" provides several`, {
      details: { part: this.id, token: token.id },
    });
  }

  #declared(token: AnyToken, modes: readonly Requirement['mode'][]): void {
    const details = { part: this.id, plugin: this.#manifest.name, token: token.id };
    if (this.#scope.disposed) {
      throw errors.make('VIV_MACHINE_STATE', `part "${this.id}" asks for ${token.id} after it was disposed`, {
        details,
      });
    }
    if (this.#manifest.requires.some((need) => need.token.id === token.id && modes.includes(need.mode))) return;
    throw errors.make(
      'VIV_TOKEN_UNDECLARED',
      `part "${this.id}" (${this.#manifest.name}) asks for ${token.id}, which it does not require (${modes.join(' or ')})`,
      { details },
    );
  }
}

const partLogger = (part: string, events: EventSink): Logger => {
  const at =
    (level: keyof Logger): Logger[keyof Logger] =>
    (message, facts) =>
      events.emit('log', { part, level, message, ...(facts === undefined ? {} : { facts }) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
