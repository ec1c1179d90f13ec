declare const phantom: unique symbol;

/**
 * Names a contract at run time. Equality is by `id` (contract name and major version), so two copies of this
 * package in one process still agree, or fail with a message that names both majors.
 */
export interface Token<T> {
  /** `<name>@<major>`, for example `vivarium/clock@1`. */
  readonly id: string;
  readonly name: string;
  readonly major: number;
  /** `one`: exactly one provider serves a machine unless the spec picks; `many`: all providers are collected. */
  readonly arity: 'one' | 'many';
  readonly [phantom]?: (value: T) => T;
}

/** A token of which the type parameter does not matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- a token list is heterogeneous and the phantom type is invariant
export type AnyToken = Token<any>;

/** Declares a contract that one provider serves. `name` is `<scope>/<contract>`, `major` a positive integer. */
export const defineToken = <T>(name: string, major: number): Token<T> => ({
  id: `${name}@${major}`,
  name,
  major,
  arity: 'one',
});

/** Declares a contract that any number of parts may provide, for example `Device`. */
export const defineManyToken = <T>(name: string, major: number): Token<T> => ({
  id: `${name}@${major}`,
  name,
  major,
  arity: 'many',
});

/** A value offered under a token; made with {@link bind} so that the types agree. */
export interface Binding {
  readonly token: AnyToken;
  readonly value: unknown;
}

/** Offers `value` under `token`. */
export const bind = <T>(token: Token<T>, value: T): Binding => ({ token, value });
