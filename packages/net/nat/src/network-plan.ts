import type { Ipv4Address, Ipv4Block, MacAddress } from '@vivarium/net-packet';

/** Addresses of the guests' network. */
export interface NetworkPlan {
  readonly block: Ipv4Block;
  /** The translator: router, DHCP server, and the host. */
  readonly gateway: Ipv4Address;
  /** The DNS forwarder. */
  readonly dns: Ipv4Address;
  /** The first address that is leased, and where forwards go. */
  readonly guest: Ipv4Address;
  readonly broadcast: Ipv4Address;
  /** Of the translator, whatever address it answers for. */
  readonly mac: MacAddress;
}

/** Offsets of the addresses in the block, the customary ones of user-mode networks. */
const GATEWAY = 2;
const DNS = 3;
const GUEST = 15;
/** 52:55 is locally administered; the rest is the gateway's address. */
const MAC_PREFIX = 0x5255;

/** The addresses in `block`, which has at least 32. */
export const planNetwork = (block: Ipv4Block): NetworkPlan => {
  const gateway = block.base + GATEWAY;
  return {
    block,
    gateway,
    dns: block.base + DNS,
    guest: block.base + GUEST,
    broadcast: block.base + 2 ** (32 - block.prefix) - 1,
    mac: MAC_PREFIX * 2 ** 32 + gateway,
  };
};
