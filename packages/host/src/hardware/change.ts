import * as z from 'zod';

/** Longest that a guest is waited for, in milliseconds. */
export const LONGEST_PATIENCE = 600_000;
/** When whoever asks does not say. */
export const DEFAULT_PATIENCE = 30_000;
const MOST_VCPUS = 4096;
const MOST_MEMORY = 2 ** 40;

/** Milliseconds that the guest has to do its part. */
const timeout = z.int().min(0).max(LONGEST_PATIENCE);

/** Part ids are made of it. */
const deviceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/, 'letters, digits and -, at most 32');

const LARGEST_OPTIONS = 64 * 1024;
const MOST_DEVICES = 64;

/** JSON of a bounded size. */
const isSmall = (value: unknown): boolean => {
  try {
    return (JSON.stringify(value) ?? '').length <= LARGEST_OPTIONS;
  } catch {
    return false; // no JSON at all
  }
};

/** A device as its owner describes it: what `options` mean is the business of the machine's recipe. */
export const deviceDescription = z.object({
  name: deviceName,
  options: z.unknown().refine(isSmall, 'JSON of 64 KiB at most').optional(),
});
export type DeviceDescription = z.infer<typeof deviceDescription>;

/** Something else that a machine is to have from now on. */
export const hardwareChange = z.discriminatedUnion('do', [
  /** So many bytes of memory for the guest, of those that the machine has. */
  z.object({ do: z.literal('memory'), bytes: z.int().min(1).max(MOST_MEMORY), timeout }),
  /** So many vCPUs for the guest, of those that the machine has. */
  z.object({ do: z.literal('vcpus'), count: z.int().min(1).max(MOST_VCPUS), timeout }),
  /** A device in a hot-plug slot. */
  z.object({ do: z.literal('attach'), device: deviceDescription, timeout }),
  /** By force: without asking the guest. */
  z.object({ do: z.literal('detach'), name: deviceName, force: z.boolean(), timeout }),
]);
export type HardwareChange = z.infer<typeof hardwareChange>;

/** What a guest has now of what its machine has. */
export const hardwareView = z.object({
  /** vCPUs that it may start. */
  vcpus: z.int().min(1).max(MOST_VCPUS),
  /** Bytes of memory that its owner lets it have; the host's policy may ask for more than the rest. */
  memory: z.int().min(0),
  /** Hot-plug slots, and what was put into them. */
  slots: z.int().min(0),
  devices: z.array(z.object({ name: deviceName, slot: z.string().max(64) })).max(MOST_DEVICES),
});
export type HardwareView = z.infer<typeof hardwareView>;

/** What was changed of a machine, and holds until it is changed again, in later runs, too. */
export const keptChanges = z.object({
  vcpus: z.int().min(1).max(MOST_VCPUS).optional(),
  memory: z.int().min(1).max(MOST_MEMORY).optional(),
  devices: z.array(deviceDescription).max(MOST_DEVICES).optional(),
});
export type KeptChanges = z.infer<typeof keptChanges>;

/** The changes that bring a machine as its recipe makes it to where it was. */
export const changesOf = ({ vcpus, memory, devices = [] }: KeptChanges): readonly HardwareChange[] => {
  const timeout = DEFAULT_PATIENCE;
  return [
    ...(vcpus === undefined ? [] : [{ do: 'vcpus' as const, count: vcpus, timeout }]),
    ...(memory === undefined ? [] : [{ do: 'memory' as const, bytes: memory, timeout }]),
    ...devices.map((device) => ({ do: 'attach' as const, device, timeout })),
  ];
};

/** What holds after a change. */
export const afterChange = (kept: KeptChanges, change: HardwareChange): KeptChanges => {
  switch (change.do) {
    case 'memory':
      return { ...kept, memory: change.bytes };
    case 'vcpus':
      return { ...kept, vcpus: change.count };
    case 'attach':
      return { ...kept, devices: [...(kept.devices ?? []), change.device] };
    case 'detach':
      return { ...kept, devices: (kept.devices ?? []).filter(({ name }) => name !== change.name) };
  }
};
