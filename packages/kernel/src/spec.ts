import type { InterruptPool, MachineSpec, MmioWindow, PartSpec } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** More parts than any board has, few enough that every check over pairs of them stays cheap. */
const MAX_PARTS = 1024;
const MAX_NAME = 256;
const PART_ID = /^[A-Za-z0-9._-]{1,64}$/;
const MAX_POOL = 65_536;
const SPEC_FIELDS = new Set(['name', 'parts', 'mmioWindow', 'interruptPool']);
const PART_FIELDS = new Set(['id', 'plugin', 'options', 'regions', 'interrupts', 'use']);

/** Keys that mean something else to JavaScript than to the person who wrote them. */
export const isPrototypeKey = (key: string): boolean =>
  key === '__proto__' || key === 'constructor' || key === 'prototype';

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text from outside as it may stand in a message: quoted, and cut when it is long. */
export const quote = (value: unknown): string => {
  if (typeof value !== 'string') return value === null ? 'null' : `a ${typeof value}`;
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
};

const refuse = (path: string, problem: string) =>
  errors.make('VIV_SPEC_INVALID', `machine spec: ${path} ${problem}`, { details: { path } });

const record = <T>(path: string, value: unknown, entry: (path: string, value: unknown) => T): Record<string, T> => {
  if (!isRecord(value)) throw refuse(path, 'must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (isPrototypeKey(key) || key.length > MAX_NAME) throw refuse(path, `has the key ${quote(key)}`);
      return [key, entry(`${path}.${key}`, field)];
    }),
  );
};

const address = (path: string, value: unknown): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw refuse(path, 'must be a guest-physical address: a whole number from 0 to 2^53-1');
  }
  return value;
};

const partId = (path: string, value: unknown): string => {
  if (typeof value !== 'string' || !PART_ID.test(value) || isPrototypeKey(value)) {
    throw refuse(path, `is ${quote(value)}; it must be letters, digits, "-", "_" and ".", at most 64 of them`);
  }
  return value;
};

const lineNumber = (path: string, value: unknown): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw refuse(path, 'must be a positive whole number');
};

const interrupt = (path: string, value: unknown): { readonly controller: string; readonly line: number } => {
  if (!isRecord(value)) throw refuse(path, 'must be an object of controller and line');
  const { controller, line } = value;
  return { controller: partId(`${path}.controller`, controller), line: lineNumber(`${path}.line`, line) };
};

const mmioWindow = (path: string, value: unknown): MmioWindow => {
  if (!isRecord(value)) throw refuse(path, 'must be an object of base, length and align');
  const { align, length } = value;
  if (typeof align !== 'number' || align < 4096 || align > 2 ** 52 || !Number.isInteger(Math.log2(align))) {
    throw refuse(`${path}.align`, 'must be a power of two from 4096');
  }
  const base = address(`${path}.base`, value['base']);
  if (base % align !== 0) throw refuse(`${path}.base`, 'must be a multiple of align');
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 1 || length > 2 ** 53 - base) {
    throw refuse(`${path}.length`, 'must be positive and whole, with its end at most at 2^53');
  }
  return { base, length, align };
};

const interruptPool = (path: string, value: unknown): InterruptPool => {
  if (!isRecord(value)) throw refuse(path, 'must be an object of controller and lines');
  const { controller, lines } = value;
  if (!Array.isArray(lines) || lines.length > MAX_POOL) {
    throw refuse(`${path}.lines`, `must be a list of at most ${MAX_POOL} lines`);
  }
  const numbers = lines.map((line, index) => lineNumber(`${path}.lines[${index}]`, line));
  if (new Set(numbers).size !== numbers.length) throw refuse(`${path}.lines`, 'must name each line once');
  return { controller: partId(`${path}.controller`, controller), lines: numbers };
};

const parsePart = (path: string, value: unknown): PartSpec => {
  if (!isRecord(value)) throw refuse(path, 'must be an object');
  const unknown = Object.keys(value).find((key) => !PART_FIELDS.has(key));
  if (unknown !== undefined) throw refuse(path, `has the unknown field ${quote(unknown)}`);
  const { plugin, options, regions, interrupts, use } = value;
  const id = partId(`${path}.id`, value['id']);
  if (typeof plugin === 'string' ? plugin === '' || plugin.length > 4096 : !isRecord(plugin)) {
    throw refuse(`${path}.plugin`, 'must be a plugin or a module specifier of 1 to 4096 characters');
  }
  return {
    id,
    plugin: plugin as PartSpec['plugin'],
    ...(options === undefined ? {} : { options }),
    ...(regions === undefined ? {} : { regions: record(`${path}.regions`, regions, address) }),
    ...(interrupts === undefined ? {} : { interrupts: record(`${path}.interrupts`, interrupts, interrupt) }),
    ...(use === undefined ? {} : { use: record(`${path}.use`, use, partId) }),
  };
};

/** Checks parts that are to join a machine. Throws `VIV_SPEC_INVALID` and `VIV_PART_DUPLICATE`. */
export const parseParts = (machine: string, value: unknown, present: readonly string[] = []): readonly PartSpec[] => {
  if (!Array.isArray(value)) throw refuse('parts', 'must be a list');
  const total = value.length + present.length;
  if (total > MAX_PARTS) throw refuse('parts', `has ${total} entries; the limit is ${MAX_PARTS}`);
  const parsed = value.map((part, index) => parsePart(`parts[${index}]`, part));
  const seen = new Set(present);
  for (const { id } of parsed) {
    if (seen.has(id)) {
      throw errors.make('VIV_PART_DUPLICATE', `machine ${quote(machine)} has two parts with the id "${id}"`, {
        details: { part: id },
      });
    }
    seen.add(id);
  }
  return parsed;
};

/**
 * Checks a machine spec of unknown origin and copies it, so that nobody can change it during assembly. Plugins and
 * options are taken as they are; their own checks follow. Throws `VIV_SPEC_INVALID` and `VIV_PART_DUPLICATE`.
 */
export const parseSpec = (spec: unknown): MachineSpec => {
  if (!isRecord(spec)) throw refuse('the spec', 'must be an object');
  const unknown = Object.keys(spec).find((key) => !SPEC_FIELDS.has(key));
  if (unknown !== undefined) throw refuse('the spec', `has the unknown field ${quote(unknown)}`);
  const { name, parts } = spec;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) {
    throw refuse('name', `must be a text of 1 to ${MAX_NAME} characters`);
  }
  const parsed = parseParts(name, parts);
  return {
    name,
    parts: parsed,
    ...(spec['mmioWindow'] === undefined ? {} : { mmioWindow: mmioWindow('mmioWindow', spec['mmioWindow']) }),
    ...(spec['interruptPool'] === undefined
      ? {}
      : { interruptPool: interruptPool('interruptPool', spec['interruptPool']) }),
  };
};
