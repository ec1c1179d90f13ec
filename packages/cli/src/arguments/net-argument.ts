import type { NatOptions } from '@vivarium/board-virt';
import { splitArgument } from './argument-fields.ts';

/** A `--net` argument taken apart. */
export interface NetArgument {
  readonly mac: string | undefined;
  /** Echoes of the guest start the system's `ping`. */
  readonly ping: boolean;
  /** File for a capture of what goes over the card. */
  readonly pcap: string | undefined;
  /** Servers that answer the guest's questions; none: those of the host. */
  readonly dns: readonly string[];
  /** Of the translator, without the host's network. */
  readonly nat: Omit<NatOptions, 'host'>;
}

const FIELDS = { flags: ['ping', 'isolated'], values: ['mac', 'forward', 'egress', 'allow', 'network', 'dns', 'pcap'] };
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

/**
 * Reads `user[,mac=MAC][,forward=…]…[,egress=open|public|listed][,allow=…]…[,network=CIDR][,dns=SERVER]…[,isolated][,ping]
 * [,pcap=FILE]`. Gives what is wrong as text.
 */
export const parseNetArgument = (text: string): NetArgument | string => {
  const parts = splitArgument(text, FIELDS);
  if (parts.head !== 'user') return `is no kind of network; there is 'user'`;
  const mac = parts.value('mac');
  if (mac !== undefined && !MAC.test(mac)) return `has the address '${mac}'; it takes one such as 02:00:00:00:00:01`;
  const forwards = readAll(parts.all('forward'), parseForward);
  if (typeof forwards === 'string')
    return `has the forward '${forwards}'; it takes [tcp:|udp:][ADDRESS:]PORT:GUEST-PORT`;
  const allow = readAll(parts.all('allow'), parseRule);
  if (typeof allow === 'string') {
    return `allows '${allow}'; it takes [tcp:|udp:|icmp:]ADDRESS[/PREFIX] or a name, and :PORT or :PORT-PORT`;
  }
  const egress = parts.value('egress');
  const mode = EGRESS.find((each) => each === (egress ?? 'open'));
  if (mode === undefined) return `has the egress '${egress}'; there are ${EGRESS.join(', ')}`;
  const dns = parts.all('dns').find((server) => !SERVER.test(server));
  if (dns !== undefined)
    return `has the name server '${dns}'; it takes an IP address, and [ADDRESS]:PORT or ADDRESS:PORT`;
  const network = parts.value('network');
  return {
    mac,
    ping: parts.has('ping'),
    dns: parts.all('dns'),
    pcap: parts.value('pcap'),
    nat: {
      forwards: [...forwards],
      egress: { mode, allow: [...allow] },
      hostLoopback: !parts.has('isolated'),
      ...(network === undefined ? {} : { network }),
    },
  };
};
