import type { AccessWidth, Device, GuestMemory, InterruptLine, MmioRegion, VirtioDevice } from '@vivarium/contracts';
import { readConfig, writeConfig } from './device-config.ts';
import type { RingFeatures } from './features.ts';
import * as r from './mmio-registers.ts';
import type { SplitAddress } from './queue-setup.ts';
import { Session, type SessionHost } from './session.ts';

/** What {@link MmioTransport} is made of. */
export interface MmioTransportParts {
  readonly device: VirtioDevice;
  readonly rings?: RingFeatures;
  readonly memory: GuestMemory;
  readonly interrupt: InterruptLine;
  /** Calls `MmioTransport.resume` between two slices of guest execution. */
  readonly defer: () => void;
  readonly violation: (message: string) => void;
  readonly failed: (hook: string, error: unknown) => void;
  /** Label of its node in the device tree. */
  readonly label: string;
}

/**
 * A virtio device as registers on the system bus (Virtual I/O Device 1.3, section 4.2). Registers are 32 bits wide
 * and a narrower access reaches none; the configuration space takes every width.
 */
export class MmioTransport implements Device {
  readonly regions: readonly MmioRegion[];
  readonly interrupts = ['interrupt'];
  readonly deviceTree;
  readonly session: Session;
  readonly #interrupt: InterruptLine;
  #interruptStatus = 0;
  #deviceFeaturesSel = 0;
  #driverFeaturesSel = 0;
  #queueSel = 0;

  constructor(parts: MmioTransportParts) {
    this.#interrupt = parts.interrupt;
    const host: SessionHost = {
      memory: parts.memory,
      queueInterrupt: () => this.#raise(r.USED_BUFFER),
      configInterrupt: () => this.#raise(r.CONFIGURATION_CHANGE),
      defer: parts.defer,
      violation: parts.violation,
      failed: parts.failed,
    };
    this.session = new Session(parts.device, parts.rings ?? {}, host);
    this.regions = [
      {
        name: 'registers',
        length: r.REGION_LENGTH,
        read: (offset, width) => this.#read(offset, width),
        write: (offset, width, value) => this.#write(offset, width, value),
      },
    ];
    this.deviceTree = {
      name: 'virtio_mmio',
      label: parts.label,
      properties: { compatible: 'virtio,mmio', 'dma-coherent': true as const },
    };
  }

  /** Goes on with what was deferred. */
  resume(): void {
    this.session.resume();
  }

  reset(): void {
    this.#deviceFeaturesSel = 0;
    this.#driverFeaturesSel = 0;
    this.#queueSel = 0;
    this.#resetDevice();
    this.session.generation = 0;
  }

  #resetDevice(): void {
    this.session.reset();
    this.#interruptStatus = 0;
    this.#interrupt.set(false);
  }

  #raise(cause: number): void {
    this.#interruptStatus |= cause;
    this.#interrupt.set(true);
  }

  #read(offset: number, width: AccessWidth): number {
    if (offset >= r.Config) return readConfig(this.session.device.config, offset - r.Config, width);
    if (width !== 4) return 0;
    const { session } = this;
    switch (offset) {
      case r.MagicValue:
        return r.MAGIC;
      case r.Version:
        return r.VERSION;
      case r.DeviceID:
        return session.device.deviceId;
      case r.VendorID:
        return r.VENDOR;
      case r.DeviceFeatures:
        return this.#deviceFeaturesSel > 1
          ? 0
          : Number(BigInt.asUintN(32, session.offered >> BigInt(this.#deviceFeaturesSel * 32)));
      case r.QueueSizeMax:
        return session.queues[this.#queueSel]?.sizeMax ?? 0;
      case r.QueueReady:
        return Number(session.queues[this.#queueSel]?.ready ?? false);
      case r.InterruptStatus:
        return this.#interruptStatus;
      case r.Status:
        return session.status;
      // No shared memory region: length and base read as all ones (section 4.2.2).
      case r.SHMLenLow:
      case r.SHMLenHigh:
      case r.SHMBaseLow:
      case r.SHMBaseHigh:
        return 0xffff_ffff;
      case r.ConfigGeneration:
        return session.generation;
      default:
        return 0;
    }
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    const { session } = this;
    if (offset >= r.Config) {
      writeConfig(session.device.config, offset - r.Config, width, value);
      return;
    }
    if (width !== 4) return;
    const selected = session.queues[this.#queueSel];
    /** The selected queue, while it can still change. */
    const queue = selected !== undefined && !selected.ready && session.mayConfigure ? selected : undefined;
    const half = (address: SplitAddress | undefined, part: 'low' | 'high'): void => {
      if (address !== undefined) address[part] = value;
    };
    switch (offset) {
      case r.DeviceFeaturesSel:
        this.#deviceFeaturesSel = value;
        break;
      case r.DriverFeatures:
        session.acceptFeatures(this.#driverFeaturesSel, value);
        break;
      case r.DriverFeaturesSel:
        this.#driverFeaturesSel = value;
        break;
      case r.QueueSel:
        this.#queueSel = value;
        break;
      case r.QueueSize:
        if (queue !== undefined) queue.size = value;
        break;
      case r.QueueReady:
        if (value === 1 && queue !== undefined) session.enableQueue(this.#queueSel);
        else if (value === 0) session.disableQueue(this.#queueSel);
        break;
      case r.QueueNotify:
        session.notify(value);
        break;
      case r.InterruptACK:
        this.#interruptStatus &= ~value;
        if (this.#interruptStatus === 0) this.#interrupt.set(false);
        break;
      case r.Status:
        if (value === 0) this.#resetDevice();
        else session.setStatus(value);
        break;
      case r.QueueDescLow:
        half(queue?.descriptors, 'low');
        break;
      case r.QueueDescHigh:
        half(queue?.descriptors, 'high');
        break;
      case r.QueueDriverLow:
        half(queue?.driver, 'low');
        break;
      case r.QueueDriverHigh:
        half(queue?.driver, 'high');
        break;
      case r.QueueDeviceLow:
        half(queue?.device, 'low');
        break;
      case r.QueueDeviceHigh:
        half(queue?.device, 'high');
        break;
    }
  }
}
