import {
  encodeDnsName,
  formatIpv4Address,
  type Ipv4Block,
  inBlock,
  parseIpv4Address,
  parseIpv4Block,
  parseIpv6Address,
} from '@vivarium/net-packet';
import * as z from 'zod';
import type { HostNetwork } from './host/host-network.ts';

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
const LARGEST_MTU = 65_521;

const port = z.int().min(1).max(65_535);
const count = (most: number, usual: number) => z.int().min(1).max(most).default(usual);
const seconds = (usual: number) => z.number().min(1).max(31_536_000).default(usual);

const block = z.string().transform((text, context): Ipv4Block => {
  const parsed = parseIpv4Block(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a block of IPv4 addresses, such as 10.0.0.0/8' });
  return z.NEVER;
});

const network = block.refine(({ prefix }) => prefix >= 8 && prefix <= 27, 'must have a prefix of 8 to 27');

const address = z.string().refine((text) => parseIpv4Address(text) !== undefined, 'must be an IPv4 address');
const hostAddress = z
  .string()
  .refine(
    (text) => parseIpv4Address(text) !== undefined || parseIpv6Address(text) !== undefined,
    'must be an IP address of the host',
  );

const name = z
  .string()
  .transform((text) => text.toLowerCase().replace(/\.$/, ''))
  .refine((text) => {
    const plain = text.startsWith('*.') ? text.slice(2) : text;
    return plain !== '' && !plain.includes('*') && encodeDnsName(plain) !== undefined;
  }, 'must be a DNS name, or *. and one for every name below it');

const ports = z
  .union([port.transform((one): [number, number] => [one, one]), z.tuple([port, port])])
  .refine(([first, last]) => first <= last, 'the first port must not be above the last');

const rule = z
  .strictObject({
    /** Addresses. Those of one host or link, and private ones, are only meant when the block lies inside of theirs. */
    cidr: block.optional(),
    /** `example.com`, or `*.example.com`: public addresses that the forwarder found for it. */
    name: name.optional(),
    protocol: z.enum(['tcp', 'udp', 'icmp']).optional(),
    /** One port, or first and last. */
    ports: ports.optional(),
  })
  .transform(({ cidr, ...others }) => ({ ...others, ...(cidr === undefined ? {} : { block: cidr }) }));

const forward = z.strictObject({
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  /** Address of the host to listen on. */
  host: hostAddress.default('127.0.0.1'),
  /** 0: the host chooses, and the event `net:forward` tells. */
  hostPort: z.int().min(0).max(65_535),
  /** The guest; the first address that is leased when absent. */
  guest: address.optional(),
  guestPort: port,
});

const isHostNetwork = (value: unknown): value is HostNetwork =>
  typeof value === 'object' &&
  value !== null &&
  ['tcpConnect', 'tcpListen', 'udpSocket', 'udpListen', 'resolve'].every(
    (member) => typeof (value as Readonly<Record<string, unknown>>)[member] === 'function',
  );

/** Options of the translator. */
export const natOptions = z
  .strictObject({
    /** The host's network: `nodeHostNetwork()` of `@vivarium/net-nat/node`. */
    host: z.custom<HostNetwork>(isHostNetwork, 'must be a host network: nodeHostNetwork() of @vivarium/net-nat/node'),
    /** Of the guests. Its addresses 2, 3 and 15 are the gateway, the DNS forwarder, and the first guest. */
    network: network.prefault('10.0.2.0/24'),
    /** Largest packet, in bytes. */
    mtu: z.int().min(576).max(LARGEST_MTU).default(1500),
    /** The gateway's address leads to the host's loopback. */
    hostLoopback: z.boolean().default(true),
    dns: z.boolean().default(true),
    egress: z
      .strictObject({
        /** `open`: all but addresses of one link; `public`: no private ones, either; `listed`: only what is allowed. */
        mode: z.enum(['open', 'public', 'listed']).default('open'),
        allow: z.array(rule).max(1000).default([]),
      })
      .prefault({}),
    forwards: z.array(forward).max(1000).default([]),
    leaseTime: z.int().min(60).max(31_536_000).default(86_400),
    limits: z
      .strictObject({
        connections: count(16_384, 1024),
        halfOpen: count(4096, 128),
        timeWait: count(16_384, 256),
        /** Bytes that all connections together may hold. */
        buffers: count(4096 * MEBIBYTE, 64 * MEBIBYTE),
        /** Bytes that wait in each direction of one connection. */
        connectionBuffer: z
          .int()
          .min(16 * KIBIBYTE)
          .max(64 * MEBIBYTE)
          .default(MEBIBYTE),
        udpFlows: count(4096, 256),
        questions: count(4096, 256),
        echoes: count(256, 8),
        peers: count(4096, 256),
        neighbours: count(4096, 256),
        reassembly: count(64 * MEBIBYTE, MEBIBYTE),
      })
      .prefault({}),
    /** Seconds. */
    timeouts: z
      .strictObject({ opening: seconds(75), idle: seconds(7200), halfClosed: seconds(300), udp: seconds(60) })
      .prefault({}),
  })
  .superRefine((options, context) => {
    options.forwards.forEach(({ guest }, index) => {
      const parsed = guest === undefined ? undefined : parseIpv4Address(guest);
      if (parsed === undefined || inBlock(options.network, parsed)) return;
      const base = formatIpv4Address(options.network.base);
      context.addIssue({
        code: 'custom',
        path: ['forwards', index, 'guest'],
        message: `must be in the guests' network ${base}/${options.network.prefix}`,
      });
    });
  });

/** Options as they are written. */
export type NatOptions = z.input<typeof natOptions>;
export type ParsedNatOptions = z.output<typeof natOptions>;
