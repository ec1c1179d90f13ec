import type { StateValue } from '@vivarium/contracts';

const isMap = (value: StateValue): value is { readonly [key: string]: StateValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** Where `value` is not plain data, as a path; undefined when it is. */
export const findForeign = (value: unknown, path = 'state', depth = 0): string | undefined => {
  if (depth > 64) return path;
  if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value)) return undefined;
  if (typeof value !== 'object') return path;
  if (value instanceof Uint8Array) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [key, field] of Object.entries(value)) {
    const foreign = findForeign(field, `${path}.${key}`, depth + 1);
    if (foreign !== undefined) return foreign;
  }
  return undefined;
};

/** A copy that shares nothing with `value`. */
export const copyState = (value: StateValue): StateValue => {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((entry: StateValue) => copyState(entry));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copyState(field)]));
};

/** Where two states differ, as a path; undefined when they are equal. */
export const findDifference = (one: StateValue, other: StateValue, path = 'state'): string | undefined => {
  if (Object.is(one, other)) return undefined;
  if (one instanceof Uint8Array && other instanceof Uint8Array) {
    return one.length === other.length && one.every((byte, index) => byte === other[index]) ? undefined : path;
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return findFieldDifference(Object.fromEntries(one.entries()), Object.fromEntries(other.entries()), path);
  }
  return isMap(one) && isMap(other) ? findFieldDifference(one, other, path) : path;
};

const findFieldDifference = (
  one: Readonly<Record<string, StateValue>>,
  other: Readonly<Record<string, StateValue>>,
  path: string,
): string | undefined => {
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [left, right] = [one[key], other[key]];
    if (left === undefined || right === undefined) return `${path}.${key}`;
    const difference = findDifference(left, right, `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
};

/** States that no implementation may take, made from one that it saved; each with what is wrong about it. */
export const corruptions = (good: StateValue): readonly (readonly [string, StateValue])[] => {
  const broken: (readonly [string, StateValue])[] = [
    ['null', null],
    ['true', true],
    ['a number', 7],
    ['a text', 'state'],
    ['bytes', new Uint8Array(3)],
  ];
  // A device may well save nothing but a number.
  if (!isMap(good)) return broken.filter(([, bad]) => findDifference(good, bad) !== undefined);
  broken.push(['a list', []]);
  for (const [key, field] of Object.entries(good)) {
    broken.push([`${key} missing`, Object.fromEntries(Object.entries(good).filter(([name]) => name !== key))]);
    broken.push([`${key} of another type`, { ...good, [key]: typeof field === 'string' ? 7 : 'nonsense' }]);
    if (typeof field === 'number') broken.push([`${key} not a number`, { ...good, [key]: Number.NaN }]);
  }
  return broken;
};
