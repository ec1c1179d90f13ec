import { type Answer, type Client, PACKET_SIZE } from '../client.ts';
import { Failure } from '../errors.ts';
import { hexOf, parseCount } from '../hex.ts';
import { asciiBytes } from '../packet.ts';
import { parseThreadId, threadId } from '../thread-id.ts';

const OFFERED = [
  `PacketSize=${PACKET_SIZE.toString(16)}`,
  'QStartNoAckMode+',
  'qXfer:features:read+',
  'vContSupported+',
  'swbreak+',
  'hwbreak+',
  'multiprocess-',
];

/** `qSupported:feature;feature…` */
const supported = (client: Client, text: string): Answer => {
  const asked = new Set(text.split(';'));
  client.features.swbreak = asked.has('swbreak+');
  client.features.hwbreak = asked.has('hwbreak+');
  return OFFERED.join(';');
};

/** `qXfer:features:read:target.xml:offset,length` */
const readFeatures = (client: Client, text: string): Answer => {
  const [name, range = '', ...rest] = text.split(':');
  const [first = '', second = '', ...more] = range.split(',');
  const offset = parseCount(first);
  const length = parseCount(second);
  if (rest.length > 0 || more.length > 0 || offset === undefined || length === undefined) return Failure.malformed;
  if (name !== 'target.xml') return 'E00';
  const { xml } = client.description;
  if (offset > xml.length) return Failure.malformed;
  // Escapes must fit as well, and at worst every character is one.
  const piece = xml.slice(offset, offset + Math.min(length, PACKET_SIZE / 2 - 1));
  return asciiBytes(`${offset + piece.length < xml.length ? 'm' : 'l'}${piece}`);
};

/** `qThreadExtraInfo,id`: what people see in a list of threads. */
const threadInfo = (client: Client, text: string): Answer => {
  const thread = parseThreadId(text, client.target.vcpus.length);
  if (thread?.kind !== 'one') return Failure.malformed;
  const { running } = client.target.vcpus[thread.vcpu];
  return hexOf(asciiBytes(`vCPU ${thread.vcpu}${running ? '' : ', stopped by the guest'}`));
};

type Query = (client: Client, text: string) => Answer;

/** By name; what follows it begins behind the character that ends it. */
const QUERIES: Readonly<Record<string, Query>> = {
  qSupported: supported,
  'qXfer:features:read': readFeatures,
  qC: (client) => `QC${threadId(client.vcpu)}`,
  qAttached: () => '1',
  qfThreadInfo: (client) => `m${client.target.vcpus.map(({ index }) => threadId(index)).join(',')}`,
  qsThreadInfo: () => 'l',
  qThreadExtraInfo: threadInfo,
};

/** General queries. Names are matched whole: some are the beginning of others. */
export const query = (client: Client, text: string): Answer => {
  for (const [name, act] of Object.entries(QUERIES)) {
    const rest = text.slice(name.length);
    if (text.startsWith(name) && (rest === '' || /^[:;,]/.test(rest))) return act(client, rest.slice(1));
  }
  return '';
};
