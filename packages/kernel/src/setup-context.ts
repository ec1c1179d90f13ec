import type { AnyToken, EventSink, GrantHandles, Logger, Requirement, SetupContext, Token } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { PartScope } from './scope.ts';

/** What a setup context is made of. */
export interface ContextSources {
  readonly id: string;
  readonly options: unknown;
  readonly manifest: Manifest;
  readonly scope: PartScope;
  readonly grants: GrantHandles;
  readonly events: EventSink;
}

/** What a part's setup is given. Plain functions, so that setup may take it apart. */
export const setupContext = ({
  id,
  options,
  manifest,
  scope,
  grants,
  events,
}: ContextSources): SetupContext<unknown> => {
  const declared = (token: AnyToken, modes: readonly Requirement['mode'][]): void => {
    const details = { part: id, plugin: manifest.name, token: token.id };
    if (scope.disposed) {
      throw errors.make('VIV_MACHINE_STATE', `part "${id}" asks for ${token.id} after it was disposed`, { details });
    }
    if (manifest.requires.some((need) => need.token.id === token.id && modes.includes(need.mode))) return;
    throw errors.make(
      'VIV_TOKEN_UNDECLARED',
      `part "${id}" (${manifest.name}) asks for ${token.id}, which it does not require (${modes.join(' or ')})`,
      { details },
    );
  };
  const one = (token: AnyToken): unknown => {
    const values = scope.values(token);
    if (values.length <= 1) return values[0];
    throw errors.make('VIV_TOKEN_AMBIGUOUS', `the provider of ${token.id} for part "${id}" provides several`, {
      details: { part: id, token: token.id },
    });
  };
  // A part that was disposed has no voice any more.
  const sink: EventSink = {
    emit: (name, event) => {
      if (!scope.disposed) events.emit(name, event);
    },
  };
  return {
    id,
    options,
    grants,
    events: sink,
    log: partLogger(id, sink),
    get: <T>(token: Token<T>) => {
      declared(token, ['one']);
      return one(token) as T;
    },
    maybe: <T>(token: Token<T>) => {
      declared(token, ['optional', 'one']);
      return one(token) as T | undefined;
    },
    all: <T>(token: Token<T>) => {
      declared(token, ['all']);
      return scope.values(token) as readonly T[];
    },
  };
};

const partLogger = (part: string, events: EventSink): Logger => {
  const at =
    (level: keyof Logger): Logger[keyof Logger] =>
    (message, facts) =>
      events.emit('log', { part, level, message, ...(facts === undefined ? {} : { facts }) });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
