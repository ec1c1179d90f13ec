import {
  type AnyPlugin,
  bind,
  type Clock,
  ClockToken,
  type Device,
  DeviceToken,
  type MachineSpec,
  type MmioRegion,
  type Part,
  type SetupContext,
} from '@vivarium/contracts';
import type { LoadPlugin, Machine } from '@vivarium/kernel';
import type { TraceFile } from './trace-file.ts';

/** Milliseconds over which the rate is kept. */
const WINDOW = 1000;
const NANOSECONDS = 1e9;

export interface DeviceTraceLimits {
  /** Lines altogether. */
  readonly lines: number;
  /** Lines in a second of host time; what comes above is counted. */
  readonly rate: number;
}

/**
 * Writes each access to a device's registers: time in the guest, part, region and offset, direction, width and value.
 * It is a plugin's business to provide devices, so their plugins are replaced by ones that provide the same devices
 * with a view on them; nothing else of the machine is different, and without a trace nothing is replaced.
 */
export class DeviceTracer implements Disposable {
  readonly #file: TraceFile;
  readonly #limits: DeviceTraceLimits;
  readonly #now: () => number;
  /** One replacement for each plugin: a machine's plugins of one name must be one. */
  readonly #replacements = new Map<unknown, AnyPlugin>();
  #clock: Clock | undefined;
  #left: number;
  #windowBegan = 0;
  #inWindow = 0;
  #hidden = 0;

  /** `now` is the host's time in milliseconds. */
  constructor(file: TraceFile, limits: DeviceTraceLimits, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#limits = limits;
    this.#now = now;
    this.#left = limits.lines;
  }

  /** The same machine with its devices in view. */
  spec(spec: MachineSpec): MachineSpec {
    const parts = spec.parts.map((part) =>
      typeof part.plugin === 'string' ? part : { ...part, plugin: this.#replaced(part.plugin) },
    );
    return { ...spec, parts };
  }

  /** Loads what `load` does, with its devices in view. */
  load(load: LoadPlugin): LoadPlugin {
    return async (specifier) => {
      const module = (await load(specifier)) as { readonly default?: unknown; readonly plugin?: unknown } | undefined;
      const plugin = module?.default ?? module?.plugin;
      return isPlugin(plugin) ? { default: this.#replaced(plugin) } : module;
    };
  }

  /** The time of this machine is the one that is shown. */
  follow(machine: Machine): void {
    this.#clock = machine.maybe(ClockToken);
  }

  [Symbol.dispose](): void {
    this.#tellHidden();
    this.#file.close();
  }

  #replaced(plugin: AnyPlugin): AnyPlugin {
    const known = this.#replacements.get(plugin);
    if (known !== undefined) return known;
    const replacement: AnyPlugin = {
      ...plugin,
      setup: async (context: SetupContext<unknown>) => this.#viewed(context.id, await plugin.setup(context)),
    };
    this.#replacements.set(plugin, replacement);
    return replacement;
  }

  #viewed(id: string, part: Part): Part {
    const { provides } = part;
    if (!Array.isArray(provides)) return part;
    const bindings = (provides as NonNullable<Part['provides']>).map((binding) =>
      binding.token.id === DeviceToken.id && isDevice(binding.value)
        ? bind(DeviceToken, this.#device(id, binding.value))
        : binding,
    );
    return viewOf(part, 'provides', bindings);
  }

  #device(id: string, device: Device): Device {
    const regions = device.regions.map((region) => this.#region(id, region));
    return viewOf(device, 'regions', regions);
  }

  #region(id: string, region: MmioRegion): MmioRegion {
    const at = (offset: number): string => `${id} ${region.name}+0x${offset.toString(16)}`;
    const { name, length } = region;
    const read64 = region.read64?.bind(region);
    const write64 = region.write64?.bind(region);
    return {
      name,
      length,
      read: (offset, width) => {
        const value = region.read(offset, width);
        if (this.#left > 0) this.#record(`${at(offset)} read ${width} 0x${value.toString(16)}`);
        return value;
      },
      write: (offset, width, value) => {
        if (this.#left > 0) this.#record(`${at(offset)} write ${width} 0x${value.toString(16)}`);
        region.write(offset, width, value);
      },
      ...(read64 === undefined
        ? {}
        : {
            read64: (offset: number) => {
              const value = read64(offset);
              if (this.#left > 0) this.#record(`${at(offset)} read 8 0x${value.toString(16)}`);
              return value;
            },
          }),
      ...(write64 === undefined
        ? {}
        : {
            write64: (offset: number, value: bigint) => {
              if (this.#left > 0) this.#record(`${at(offset)} write 8 0x${value.toString(16)}`);
              write64(offset, value);
            },
          }),
    };
  }

  #record(text: string): void {
    const now = this.#now();
    if (now - this.#windowBegan >= WINDOW) {
      this.#windowBegan = now;
      this.#inWindow = 0;
      this.#tellHidden();
      this.#file.flush();
    }
    if (this.#inWindow === this.#limits.rate) {
      this.#hidden += 1;
      return;
    }
    this.#inWindow += 1;
    this.#left -= 1;
    const time = ((this.#clock?.now() ?? 0) / NANOSECONDS).toFixed(9);
    this.#file.line(`${time} ${text}`);
    if (this.#left > 0) return;
    this.#file.line(`# the trace ends here: ${this.#limits.lines} accesses`);
    this.#file.flush();
  }

  #tellHidden(): void {
    if (this.#hidden > 0) this.#file.line(`# ${this.#hidden} accesses more than ${this.#limits.rate} in a second`);
    this.#hidden = 0;
  }
}

/** The same object with another value for one property. Its methods still find their own `this`. */
const viewOf = <Whole extends object, Key extends keyof Whole>(whole: Whole, key: Key, value: Whole[Key]): Whole =>
  new Proxy(whole, {
    get: (target, property): unknown => {
      if (property === key) return value;
      const found: unknown = Reflect.get(target, property, target);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Enough of a plugin to be replaced; the kernel refuses what is less, and says why. */
const isPlugin = (value: unknown): value is AnyPlugin => isRecord(value) && typeof value['setup'] === 'function';

const isDevice = (value: unknown): value is Device => isRecord(value) && Array.isArray(value['regions']);
