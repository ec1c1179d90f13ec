import type { NatOptions } from '@vivarium/board-virt';
import { type ArgumentParts, splitArgument } from './argument-fields.ts';

/** What a `--net` card is plugged into. */
export type NetKind =
  | {
      /** The host's network, by address translation. */
      readonly kind: 'user';
      /** Echoes of the guest start the system's `ping`. */
      readonly ping: boolean;
      /** Servers that answer the guest's questions; none: those of the host. */
      readonly dns: readonly string[];
      /** Of the translator, without the host's network. */
      readonly nat: Omit<NatOptions, 'host'>;
    }
  /** A TAP interface of the host. */
  | { readonly kind: 'tap'; readonly name: string }
  /** Another machine, by datagrams. */
  | { readonly kind: 'udp'; readonly local: UdpEnd; readonly remote: UdpEnd };

/** One end of a link over UDP; without an address on this host. */
export interface UdpEnd {
  readonly address?: string;
  readonly port: number;
}

/** A `--net` argument taken apart. */
export type NetArgument = NetKind & {
  readonly mac: string | undefined;
  /** File for a capture of what goes over the card. */
  readonly pcap: string | undefined;
};

const CARD = ['mac', 'pcap'];
const USER = { flags: ['ping', 'isolated'], values: ['forward', 'egress', 'allow', 'network', 'dns', ...CARD] };
const TAP = { values: ['name', ...CARD] };
const UDP = { values: ['local', 'remote', ...CARD] };
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const SERVER = /^(?:\d+(?:\.\d+){3}(?::\d{1,5})?|[0-9a-f:]*:[0-9a-f:.]*|\[[0-9a-f:.]+\](?::\d{1,5})?)$/i;
const EGRESS = ['open', 'public', 'listed'] as const;

const portOf = (text: string, least: number): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port >= least && port <= 65_535 ? port : undefined;
};

type Forward = NonNullable<NatOptions['forwards']>[number];
type Rule = NonNullable<NonNullable<NatOptions['egress']>['allow']>[number];

/** `[tcp:|udp:][ADDRESS:]PORT:GUEST-PORT`, with IPv6 addresses in brackets. */
const parseForward = (text: string): Forward | undefined => {
  const match = /^(?:(tcp|udp):)?(?:(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):)?(\d+):(\d+)$/i.exec(text);
  if (match === null) return undefined;
  const [, protocol, address, hostText = '', guestText = ''] = match;
  const hostPort = portOf(hostText, 0);
  const guestPort = portOf(guestText, 1);
  if (hostPort === undefined || guestPort === undefined) return undefined;
  return {
    ...(protocol === undefined ? {} : { protocol: protocol.toLowerCase() as 'tcp' | 'udp' }),
    ...(address === undefined ? {} : { host: address.replaceAll(/[[\]]/g, '') }),
    hostPort,
    guestPort,
  };
};

/** `[tcp:|udp:|icmp:]ADDRESS[/PREFIX]|NAME[:PORT[-PORT]]`. */
const parseRule = (text: string): Rule | undefined => {
  const match = /^(?:(tcp|udp|icmp):)?([^:]+?)(?::(\d+)(?:-(\d+))?)?$/i.exec(text);
  if (match === null) return undefined;
  const [, protocol, where = '', firstText, lastText] = match;
  const first = firstText === undefined ? undefined : portOf(firstText, 1);
  const last = lastText === undefined ? first : portOf(lastText, 1);
  if (firstText !== undefined && (first === undefined || last === undefined || last < first)) return undefined;
  const address = /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.exec(where);
  const target = address === null ? { name: where } : { cidr: address[1] === undefined ? `${where}/32` : where };
  return {
    ...target,
    ...(protocol === undefined ? {} : { protocol: protocol.toLowerCase() as 'tcp' | 'udp' | 'icmp' }),
    ...(first === undefined || last === undefined ? {} : { ports: [first, last] as [number, number] }),
  };
};

/** The items that a reader understands, or the first that it does not. */
const readAll = <Item>(
  texts: readonly string[],
  read: (text: string) => Item | undefined,
): readonly Item[] | string => {
  const items: Item[] = [];
  for (const text of texts) {
    const item = read(text);
    if (item === undefined) return text;
    items.push(item);
  }
  return items;
};

const END = /^(?:(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):)?(\d{1,5})$/i;

const parseEnd = (text: string | undefined): UdpEnd | undefined => {
  const [, address, digits = ''] = END.exec(text ?? '') ?? [];
  const port = portOf(digits, 1);
  if (port === undefined) return undefined;
  return { port, ...(address === undefined ? {} : { address: address.replaceAll(/[[\]]/g, '') }) };
};

/** `user[,forward=…]…[,egress=open|public|listed][,allow=…]…[,network=CIDR][,dns=SERVER]…[,isolated][,ping]`. */
const parseUser = (parts: ArgumentParts): NetKind | string => {
  const forwards = readAll(parts.all('forward'), parseForward);
  if (typeof forwards === 'string') {
    return `has the forward '${forwards}'; it takes [tcp:|udp:][ADDRESS:]PORT:GUEST-PORT`;
  }
  const allow = readAll(parts.all('allow'), parseRule);
  if (typeof allow === 'string') {
    return `allows '${allow}'; it takes [tcp:|udp:|icmp:]ADDRESS[/PREFIX] or a name, and :PORT or :PORT-PORT`;
  }
  const egress = parts.value('egress') ?? 'open';
  const mode = EGRESS.find((each) => each === egress);
  if (mode === undefined) return `has the egress '${egress}'; there are ${EGRESS.join(', ')}`;
  const dns = parts.all('dns');
  const odd = dns.find((server) => !SERVER.test(server));
  if (odd !== undefined) return `has the name server '${odd}'; it takes an IP address, and ADDRESS:PORT`;
  const network = parts.value('network');
  return {
    kind: 'user',
    ping: parts.has('ping'),
    dns,
    nat: {
      forwards: [...forwards],
      egress: { mode, allow: [...allow] },
      hostLoopback: !parts.has('isolated'),
      ...(network === undefined ? {} : { network }),
    },
  };
};

const parseTap = (parts: ArgumentParts): NetKind | string => {
  const name = parts.value('name');
  return name === undefined ? 'names no interface: tap,name=tap0' : { kind: 'tap', name };
};

const parseUdp = (parts: ArgumentParts): NetKind | string => {
  const local = parseEnd(parts.value('local'));
  const remote = parseEnd(parts.value('remote'));
  if (local !== undefined && remote !== undefined) return { kind: 'udp', local, remote };
  return 'has not two ends; it takes udp,local=[ADDRESS:]PORT,remote=[ADDRESS:]PORT';
};

const KINDS = {
  user: { fields: USER, parse: parseUser },
  tap: { fields: TAP, parse: parseTap },
  udp: { fields: UDP, parse: parseUdp },
} as const;

/**
 * Reads `user…`, `tap,name=NAME` or `udp,local=END,remote=END`, each with `mac=MAC` and `pcap=FILE`. Gives what is wrong
 * as text.
 */
export const parseNetArgument = (text: string): NetArgument | string => {
  const [word = ''] = text.split(',', 1);
  const kind = Object.hasOwn(KINDS, word) ? KINDS[word as keyof typeof KINDS] : undefined;
  if (kind === undefined) return `is no kind of network; there are ${Object.keys(KINDS).join(', ')}`;
  const parts = splitArgument(text, kind.fields);
  if (parts.head !== word) return `has '${parts.head.slice(word.length + 1)}', which means nothing here`;
  const mac = parts.value('mac');
  if (mac !== undefined && !MAC.test(mac)) return `has the address '${mac}'; it takes one such as 02:00:00:00:00:01`;
  const network = kind.parse(parts);
  return typeof network === 'string' ? network : { ...network, mac, pcap: parts.value('pcap') };
};
