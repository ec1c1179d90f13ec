import type {
  AccessWidth,
  GuestMemory,
  MmioRegion,
  PciAttachment,
  PciBar,
  PciFunction,
  VirtioDevice,
} from '@vivarium/contracts';
import { CAPABILITY_VENDOR, Endpoint, type PciCapability, readBytes, writeBytes } from '@vivarium/pci';
import { readConfig, writeConfig } from './device-config.ts';
import type { RingFeatures } from './features.ts';
import * as r from './pci-registers.ts';
import { Session, type SessionHost } from './session.ts';

/** What {@link PciTransport} is made of. */
export interface PciTransportParts {
  readonly device: VirtioDevice;
  readonly rings?: RingFeatures;
  readonly memory: GuestMemory;
  /** Calls `PciTransport.resume` between two slices of guest execution. */
  readonly defer: () => void;
  readonly violation: (message: string) => void;
  readonly failed: (hook: string, error: unknown) => void;
}

/** Class codes by device number; others are "unclassified". */
const CLASS_CODES: ReadonlyMap<number, number> = new Map([
  [1, 0x02_0000],
  [2, 0x01_0000],
  [3, 0x07_8000],
]);
const OTHER_CLASS = 0x00_ff00;

/** A virtio device as a PCI function (Virtual I/O Device 1.3, section 4.1), without the legacy interface. */
export class PciTransport implements PciFunction {
  readonly session: Session;
  readonly #endpoint: Endpoint;
  #isr = 0;
  #deviceFeatureSelect = 0;
  #driverFeatureSelect = 0;
  #queueSelect = 0;
  #configVector = r.NO_VECTOR;

  constructor({ device, rings = {}, memory, defer, violation, failed }: PciTransportParts) {
    const host: SessionHost = {
      memory,
      queueInterrupt: (index) => this.#raise(r.ISR_QUEUE, this.session.queues[index]?.vector ?? r.NO_VECTOR),
      configInterrupt: () => this.#raise(r.ISR_CONFIG, this.#configVector),
      defer,
      violation,
      failed,
    };
    this.session = new Session(device, rings, host);
    const region: MmioRegion = {
      name: 'virtio',
      length: r.LAYOUT.length,
      read: (offset, width) => this.#read(offset, width),
      write: (offset, width, value) => this.#write(offset, width, value),
    };
    this.#endpoint = new Endpoint({
      identity: {
        vendorId: r.VENDOR_ID,
        deviceId: r.DEVICE_ID_BASE + device.deviceId,
        subsystemVendorId: r.VENDOR_ID,
        subsystemId: device.deviceId,
        revision: r.REVISION,
        classCode: CLASS_CODES.get(device.deviceId) ?? OTHER_CLASS,
      },
      bars: [{ index: r.BAR, kind: 'memory', region }],
      capabilities: this.#capabilities(region, device),
      // One vector a queue, and one for changes of the configuration.
      msix: { bar: r.MSIX_BAR, vectors: device.queueSizes.length + 1 },
    });
  }

  get bars(): readonly PciBar[] {
    return this.#endpoint.bars;
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return this.#endpoint.readConfig(offset, width);
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#endpoint.writeConfig(offset, width, value);
  }

  barBase(index: number): number | undefined {
    return this.#endpoint.barBase(index);
  }

  attach(attachment: PciAttachment): void {
    this.#endpoint.attach(attachment);
  }

  /** Goes on with what was deferred. */
  resume(): void {
    this.session.resume();
  }

  reset(): void {
    this.#deviceFeatureSelect = 0;
    this.#driverFeatureSelect = 0;
    this.#queueSelect = 0;
    this.#resetDevice();
    this.session.generation = 0;
    this.#endpoint.reset();
  }

  #resetDevice(): void {
    this.session.reset();
    this.#configVector = r.NO_VECTOR;
    this.#setIsr(0);
  }

  #raise(cause: number, vector: number): void {
    if (this.#endpoint.usesMessages) this.#endpoint.signal(vector);
    else this.#setIsr(this.#isr | cause);
  }

  #setIsr(isr: number): void {
    this.#isr = isr;
    this.#endpoint.setInterrupt(isr !== 0);
  }

  #read(offset: number, width: AccessWidth): number {
    if (offset < r.COMMON.length) return this.#readCommon(offset, width);
    if (offset >= r.LAYOUT.device && offset < r.LAYOUT.notify) {
      return readConfig(this.session.device.config, offset - r.LAYOUT.device, width);
    }
    if (offset !== r.LAYOUT.isr) return 0;
    // Reading acknowledges (section 4.1.4.5).
    const isr = this.#isr;
    this.#setIsr(0);
    return isr;
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    if (offset < r.COMMON.length) this.#writeCommon(offset, width, value);
    else if (offset >= r.LAYOUT.notify) {
      // The address says which queue; what is written is its index, too, unless more was agreed on.
      this.session.notify((offset - r.LAYOUT.notify) / r.NOTIFY_MULTIPLIER);
    } else if (offset >= r.LAYOUT.device) {
      writeConfig(this.session.device.config, offset - r.LAYOUT.device, width, value);
    }
  }

  #readCommon(offset: number, width: AccessWidth): number {
    if (width !== (r.NARROW.get(offset) ?? 4)) return 0;
    const { session } = this;
    const queue = session.queues[this.#queueSelect];
    switch (offset) {
      case r.COMMON.device_feature_select:
        return this.#deviceFeatureSelect;
      case r.COMMON.device_feature:
        return page(session.offered, this.#deviceFeatureSelect);
      case r.COMMON.driver_feature_select:
        return this.#driverFeatureSelect;
      case r.COMMON.driver_feature:
        return page(session.accepted, this.#driverFeatureSelect);
      case r.COMMON.config_msix_vector:
        return this.#configVector;
      case r.COMMON.num_queues:
        return session.queues.length;
      case r.COMMON.device_status:
        return session.status;
      case r.COMMON.config_generation:
        return session.generation;
      case r.COMMON.queue_select:
        return this.#queueSelect;
      case r.COMMON.queue_size:
        return queue?.size ?? 0;
      case r.COMMON.queue_msix_vector:
        return queue?.vector ?? r.NO_VECTOR;
      case r.COMMON.queue_enable:
        return Number(queue?.ready ?? false);
      case r.COMMON.queue_notify_off:
        return this.#queueSelect;
      case r.COMMON.queue_desc_low:
        return queue?.descriptors.low ?? 0;
      case r.COMMON.queue_desc_high:
        return queue?.descriptors.high ?? 0;
      case r.COMMON.queue_driver_low:
        return queue?.driver.low ?? 0;
      case r.COMMON.queue_driver_high:
        return queue?.driver.high ?? 0;
      case r.COMMON.queue_device_low:
        return queue?.device.low ?? 0;
      case r.COMMON.queue_device_high:
        return queue?.device.high ?? 0;
      default:
        return 0;
    }
  }

  #writeCommon(offset: number, width: AccessWidth, value: number): void {
    if (width !== (r.NARROW.get(offset) ?? 4)) return;
    const { session } = this;
    const selected = session.queues[this.#queueSelect];
    const queue = selected !== undefined && !selected.ready && session.mayConfigure ? selected : undefined;
    switch (offset) {
      case r.COMMON.device_feature_select:
        this.#deviceFeatureSelect = value;
        break;
      case r.COMMON.driver_feature_select:
        this.#driverFeatureSelect = value;
        break;
      case r.COMMON.driver_feature:
        session.acceptFeatures(this.#driverFeatureSelect, value);
        break;
      case r.COMMON.config_msix_vector:
        this.#configVector = this.#vector(value);
        break;
      case r.COMMON.device_status:
        if (value === 0) this.#resetDevice();
        else session.setStatus(value);
        break;
      case r.COMMON.queue_select:
        this.#queueSelect = value;
        break;
      case r.COMMON.queue_size:
        if (queue !== undefined) queue.size = value;
        break;
      case r.COMMON.queue_msix_vector:
        if (selected !== undefined) selected.vector = this.#vector(value);
        break;
      case r.COMMON.queue_enable:
        // Only 1 may be written (section 4.1.4.3.2); a queue stops with its device.
        if (value === 1 && queue !== undefined) session.enableQueue(this.#queueSelect);
        break;
      case r.COMMON.queue_desc_low:
        if (queue !== undefined) queue.descriptors.low = value;
        break;
      case r.COMMON.queue_desc_high:
        if (queue !== undefined) queue.descriptors.high = value;
        break;
      case r.COMMON.queue_driver_low:
        if (queue !== undefined) queue.driver.low = value;
        break;
      case r.COMMON.queue_driver_high:
        if (queue !== undefined) queue.driver.high = value;
        break;
      case r.COMMON.queue_device_low:
        if (queue !== undefined) queue.device.low = value;
        break;
      case r.COMMON.queue_device_high:
        if (queue !== undefined) queue.device.high = value;
        break;
    }
  }

  /** A vector that does not exist reads back as none, which tells the driver (section 4.1.5.1.2). */
  #vector(value: number): number {
    return value < this.#endpoint.vectors ? value : r.NO_VECTOR;
  }

  #capabilities(region: MmioRegion, device: VirtioDevice): readonly PciCapability[] {
    const place = (kind: number, offset: number, length: number, extra: readonly number[] = []): PciCapability => {
      const body = new DataView(new ArrayBuffer(14 + 4 * extra.length));
      body.setUint8(0, body.byteLength + 2);
      body.setUint8(1, kind);
      body.setUint8(2, r.BAR);
      body.setUint32(6, offset, true);
      body.setUint32(10, length, true);
      for (const [index, word] of extra.entries()) body.setUint32(14 + 4 * index, word, true);
      return { id: CAPABILITY_VENDOR, body: new Uint8Array(body.buffer) };
    };
    return [
      place(r.VIRTIO_PCI_CAP_COMMON_CFG, r.LAYOUT.common, r.COMMON.length),
      place(r.VIRTIO_PCI_CAP_NOTIFY_CFG, r.LAYOUT.notify, r.NOTIFY_MULTIPLIER * device.queueSizes.length, [
        r.NOTIFY_MULTIPLIER,
      ]),
      place(r.VIRTIO_PCI_CAP_ISR_CFG, r.LAYOUT.isr, 1),
      ...(device.config.length > 0 ? [place(r.VIRTIO_PCI_CAP_DEVICE_CFG, r.LAYOUT.device, device.config.length)] : []),
      accessWindow(place(r.VIRTIO_PCI_CAP_PCI_CFG, 0, 0, [0]), region),
    ];
  }
}

/** The BAR through configuration space, for drivers that cannot reach it otherwise (section 4.1.4.9). */
const accessWindow = ({ id, body }: PciCapability, region: MmioRegion): PciCapability => {
  const fields = new DataView(body.buffer);
  const DATA = 14;
  const target = (): { readonly offset: number; readonly width: AccessWidth } | undefined => {
    const bar = fields.getUint8(2);
    const offset = fields.getUint32(6, true);
    const length = fields.getUint32(10, true);
    const valid = length === 1 || length === 2 || length === 4;
    if (!valid || bar !== r.BAR || offset % length !== 0 || offset + length > region.length) return undefined;
    return { offset, width: length };
  };
  return {
    id,
    body,
    window: {
      read: (offset, width) => {
        if (offset === DATA) {
          const found = target();
          const value = found === undefined ? 0 : region.read(found.offset, found.width);
          return width === 4 ? value : value % 2 ** (8 * width);
        }
        return readBytes(fields, offset, width);
      },
      write: (offset, width, value) => {
        if (offset === DATA) {
          const found = target();
          if (found !== undefined) region.write(found.offset, found.width, value % 2 ** (8 * found.width));
          return;
        }
        writeBytes(offset, width, value, (at, byte) => {
          // Only bar, offset and length can be written.
          if (at === 2 || (at >= 6 && at < DATA)) fields.setUint8(at, byte);
        });
      },
    },
  };
};

const page = (features: bigint, select: number): number =>
  select > 1 ? 0 : Number(BigInt.asUintN(32, features >> BigInt(32 * select)));
