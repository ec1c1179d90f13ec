import { type Answer, type Client, selected } from '../client.ts';
import { Failure } from '../errors.ts';
import { littleEndianHex, parseCount, parseLittleEndian } from '../hex.ts';
import type { DescribedRegister } from '../register-description.ts';

const read = (client: Client, { name, bytes }: DescribedRegister): string => {
  const value = selected(client)?.readRegister(name);
  return value === undefined ? 'xx'.repeat(bytes) : littleEndianHex(value, bytes);
};

const write = (client: Client, { name }: DescribedRegister, value: bigint): boolean =>
  selected(client)?.writeRegister(name, value) === true;

/** `g` */
export const readGeneral = (client: Client): Answer =>
  client.description.registers
    .slice(0, client.description.general)
    .map((register) => read(client, register))
    .join('');

/** `G XX…`: registers that cannot be written, such as a zero, stay as they are. */
export const writeGeneral = (client: Client, text: string): Answer => {
  const registers = client.description.registers.slice(0, client.description.general);
  const values: bigint[] = [];
  let at = 0;
  for (const { bytes } of registers) {
    const value = parseLittleEndian(text.slice(at, at + bytes * 2));
    if (value === undefined) return Failure.malformed;
    values.push(value);
    at += bytes * 2;
  }
  if (at !== text.length) return Failure.malformed;
  registers.forEach((register, index) => write(client, register, values[index] ?? 0n));
  return 'OK';
};

const described = (client: Client, text: string): DescribedRegister | undefined => {
  const number = parseCount(text);
  return number === undefined ? undefined : client.description.registers[number];
};

/** `p n` */
export const readOne = (client: Client, text: string): Answer => {
  const register = described(client, text);
  return register === undefined ? Failure.malformed : read(client, register);
};

/** `P n=value` */
export const writeOne = (client: Client, text: string): Answer => {
  const [number = '', digits = '', ...rest] = text.split('=');
  const register = described(client, number);
  const value = parseLittleEndian(digits);
  if (register === undefined || value === undefined || digits.length !== register.bytes * 2 || rest.length > 0) {
    return Failure.malformed;
  }
  return write(client, register, value) ? 'OK' : Failure.refused;
};
