import type { DebugPoint } from '@vivarium/contracts';
import type { Answer, Client } from '../client.ts';
import { Failure } from '../errors.ts';
import { parseAddress, parseCount } from '../hex.ts';

/** Types of `Z` and `z` (GDB manual, "Packets"). */
const HARDWARE = '1';
const ACCESS = { '2': 'write', '3': 'read', '4': 'access' } as const;

/** `type,addr,kind`: for watchpoints the kind is a length, for breakpoints the size of an instruction. */
const parsePoint = (text: string): DebugPoint | 'unknown' | undefined => {
  const [type = '', first = '', second = '', ...rest] = text.split(/[,;]/);
  const address = parseAddress(first);
  const length = parseCount(second);
  if (address === undefined || length === undefined) return undefined;
  // Conditions and commands follow a semicolon; they are not asked for, since they are not offered.
  if (rest.some((part) => part !== '')) return undefined;
  if (type === '0' || type === HARDWARE) return { kind: 'breakpoint', address };
  const access = (ACCESS as Readonly<Record<string, 'read' | 'write' | 'access' | undefined>>)[type];
  return access === undefined ? 'unknown' : { kind: 'watchpoint', address, length, access };
};

/** `Z type,addr,kind` */
export const insertPoint = (client: Client, text: string): Answer => {
  const point = parsePoint(text);
  if (point === 'unknown') return '';
  if (point === undefined) return Failure.malformed;
  if (!client.session.insert(point)) return Failure.full;
  if (point.kind === 'breakpoint' && text.startsWith(HARDWARE)) client.hardware.add(point.address);
  else if (point.kind === 'breakpoint') client.hardware.delete(point.address);
  return 'OK';
};

/** `z type,addr,kind`; one that is not there is no error, for a client may ask twice. */
export const removePoint = (client: Client, text: string): Answer => {
  const point = parsePoint(text);
  if (point === 'unknown') return '';
  if (point === undefined) return Failure.malformed;
  client.session.remove(point);
  client.hardware.delete(point.address);
  return 'OK';
};
