/** What a kind of plugin is called, and how a guest uses the device that its template makes. */
export interface KindRow {
  readonly label: string;
  /** One line for lists. */
  readonly summary: string;
  /** A command for the guest that shows the device at work. */
  readonly tryIt: string;
}

/** Every kind of plugin that can be started; each has a folder in `templates/`. */
export const KINDS = {
  virtio: {
    label: 'virtio device',
    summary: 'requests on queues, over MMIO or PCI; the guest has a driver for it',
    tryIt: 'head -c 60 /dev/hwrng',
  },
  device: {
    label: 'memory-mapped device',
    summary: 'registers and an interrupt, found through the device tree',
    tryIt: 'ls -d /proc/device-tree/soc/counter@*',
  },
} as const satisfies Record<string, KindRow>;

export type Kind = keyof typeof KINDS;

export const kindNames = Object.keys(KINDS) as readonly Kind[];
