import { type Answer, type Client, PACKET_SIZE, selected } from '../client.ts';
import { Failure } from '../errors.ts';
import { bytesOfHex, hexOf, parseAddress, parseCount } from '../hex.ts';

const PAGE = 4096n;
const END_OF_ADDRESSES = 1n << 64n;

/** A stretch of memory within a page. */
interface Piece {
  readonly physical: number;
  readonly start: number;
  readonly length: number;
}

/** Where virtual memory lies physically, page by page, up to the first page that is nowhere. */
const pieces = (client: Client, address: bigint, length: number): readonly Piece[] => {
  const vcpu = selected(client);
  const found: Piece[] = [];
  for (let start = 0; start < length; ) {
    const here = address + BigInt(start);
    if (here >= END_OF_ADDRESSES || vcpu === undefined) break;
    const inPage = Number(PAGE - (here % PAGE));
    const physical = client.physical ? physicalNumber(here) : client.session.translate(vcpu, here);
    if (physical === undefined) break;
    const size = Math.min(inPage, length - start);
    found.push({ physical, start, length: size });
    start += size;
  }
  return found;
};

const physicalNumber = (address: bigint): number | undefined =>
  address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : undefined;

/** `addr,length` */
const parseRange = (text: string): { readonly address: bigint; readonly length: number } | undefined => {
  const [first = '', second = '', ...rest] = text.split(',');
  const address = parseAddress(first);
  const length = parseCount(second);
  return address === undefined || length === undefined || rest.length > 0 ? undefined : { address, length };
};

/** `m addr,length`: what can be read from the start on, and an error when that is nothing. */
export const readMemory = (client: Client, text: string): Answer => {
  const range = parseRange(text);
  if (range === undefined) return Failure.malformed;
  const length = Math.min(range.length, PACKET_SIZE / 2);
  let answer = '';
  for (const { physical, length: size } of pieces(client, range.address, length)) {
    const bytes = client.session.readPhysical(physical, size);
    if (bytes === undefined) break;
    answer += hexOf(bytes);
  }
  return answer === '' && length > 0 ? Failure.memory : answer;
};

/** All or nothing, as far as can be known before. */
const write = (client: Client, address: bigint, bytes: Uint8Array): Answer => {
  const targets = pieces(client, address, bytes.length);
  const reached = targets.reduce((sum, { length }) => sum + length, 0);
  const writable = targets.every(({ physical, length }) => client.session.readPhysical(physical, length) !== undefined);
  if (reached < bytes.length || !writable) return Failure.memory;
  for (const { physical, start, length } of targets) {
    if (!client.session.writePhysical(physical, bytes.subarray(start, start + length))) return Failure.memory;
  }
  return 'OK';
};

/** `M addr,length:XX…` */
export const writeMemory = (client: Client, text: string): Answer => {
  const [head = '', digits = '', ...rest] = text.split(':');
  const range = parseRange(head);
  const bytes = bytesOfHex(digits);
  if (range === undefined || bytes === undefined || rest.length > 0) return Failure.malformed;
  return bytes.length === range.length ? write(client, range.address, bytes) : Failure.malformed;
};

const COLON = 0x3a;

/** `X addr,length:bytes`; a length of 0 asks whether the command is known. */
export const writeBinary = (client: Client, text: string, data: Uint8Array): Answer => {
  const colon = data.indexOf(COLON);
  const range = parseRange(text.slice(0, Math.max(colon - 1, 0)));
  const bytes = data.subarray(colon + 1);
  if (colon < 0 || range === undefined || bytes.length !== range.length) return Failure.malformed;
  return write(client, range.address, bytes);
};
